// Package pages holds what the pages of results tell alike: the machine, the version,
// and text for a table. Data in: what the system says. Data out: Markdown.
// The programs under bench import it; it imports no package of cellvi.
package pages
