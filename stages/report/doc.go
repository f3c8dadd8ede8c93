// Package report draws what a run has to show: one page for people, one file
// for MultiQC.
//
// Data in: Data, filled by the report stage from run.json and the Parquet of
// the run. Data out: an HTML page that needs no network (page.html is its
// template, with the style in it), and MultiQC custom content in JSON.
// The same Data gives the same bytes: nothing is taken from the clock, random
// choices come from Data.Order.
//
// stages imports this package; it imports gonum and nothing of cellvi. Charts
// are SVG inside the page, in colours that a reader with any colour vision can
// tell apart and that follow the light or dark style of the reader's system.
package report
