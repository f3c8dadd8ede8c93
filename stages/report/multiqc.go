package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
)

// section is MultiQC's custom content: one section with one plot
// (docs.seqera.io/multiqc/custom_content). Sections of several runs with one ID
// are drawn together, so a run's title names its lines.
type section struct {
	ID          string            `json:"id"`
	Name        string            `json:"section_name"`
	Description string            `json:"description"`
	PlotType    string            `json:"plot_type"`
	Config      plotConfig        `json:"pconfig"`
	Data        map[string]points `json:"data"`
}

type plotConfig struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	XLab  string `json:"xlab"`
	YLab  string `json:"ylab"`
}

// points are values by epoch, counted from 1; NaN is left out.
type points []float64

// MarshalJSON writes an object in the order of the epochs, in which MultiQC
// joins the points; encoding/json would put 10 before 2.
func (p points) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, v := range p {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d":%s`, i+1, significant(v))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// WriteMultiQC writes the ELBO's curves as MultiQC custom content, with what the
// page says of them.
func (d *Data) WriteMultiQC(w io.Writer) error {
	s := section{
		ID: "cellvi_elbo", Name: "cellvi",
		Description: fmt.Sprintf("%s: %s cells, %s genes, %s. %s", d.Title, thousands(int64(d.Cells)),
			thousands(int64(d.Selected)), plural(d.History.Epochs(), "epoch"), d.History.judgement()),
		PlotType: "linegraph",
		Config:   plotConfig{ID: "cellvi_elbo_plot", Title: "cellvi: ELBO", XLab: "Epoch", YLab: "ELBO, as a loss per cell"},
		Data:     map[string]points{d.Title + " train": d.History.ELBOTrain},
	}
	if anyFinite(d.History.ELBOValidation) {
		s.Data[d.Title+" validation"] = d.History.ELBOValidation
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // the description may hold & of a level's name
	e.SetIndent("", "  ")
	return e.Encode(s)
}
