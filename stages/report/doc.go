// Package report draws what a run has to show: one page for people, two files
// for MultiQC.
//
// Data in: Data, filled by the report stage from run.json and the Parquet of
// the run. Data out: an HTML page that needs no network (page.html and
// sections.html are its templates, page.css its style, page.js names the cell under
// the pointer and is not needed to read it), and MultiQC custom content in JSON.
// The same Data gives the same bytes: nothing is taken from the clock, and cells
// come in the order in which Data has them.
//
// Measure computes how batches mix and labels separate: LISI and silhouettes as
// scib-metrics defines them (testdata/make_scores.py), and shares of neighbours.
//
// stages imports this package; it imports gonum and nothing of cellvi. Charts
// are SVG inside the page, in colours that a reader with any colour vision can
// tell apart and that follow the light or dark style of the reader's system.
package report
