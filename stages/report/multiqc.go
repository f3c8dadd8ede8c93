package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// section is MultiQC's custom content: one section with one plot
// (docs.seqera.io/multiqc/custom_content). MultiQC makes one section of the files of
// several runs by the names in Data, and takes the rest from the file it reads last:
// so nothing else speaks of one run.
type section struct {
	ID          string            `json:"id"`
	ParentID    string            `json:"parent_id"`
	ParentName  string            `json:"parent_name"`
	ParentAbout string            `json:"parent_description"`
	Name        string            `json:"section_name"`
	Description string            `json:"description"`
	PlotType    string            `json:"plot_type"`
	Config      plotConfig        `json:"pconfig"`
	Data        map[string]points `json:"data"`
}

// The heading over all sections of cellvi.
const (
	parentID    = "cellvi"
	parentName  = "cellvi"
	parentAbout = "Latent embeddings of single cells by variational auto-encoders (scVI)."
)

type plotConfig struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	XLab  string `json:"xlab"`
	YLab  string `json:"ylab"`
}

// points are values by epoch, counted from 1; what is not finite is left out.
type points []float64

// MarshalJSON writes pairs of epoch and value. MultiQC reads an object too, but
// orders its keys as text, 10 before 2, and joins the points in that order.
func (p points) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, v := range p {
		if !finite(v) {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "[%d,%s]", i+1, significant(v))
	}
	return append(b, ']'), nil
}

// WriteMultiQC writes the ELBO's curves as MultiQC custom content. The curve's name
// comes first: MultiQC cuts sample names at their end.
func (d *Data) WriteMultiQC(w io.Writer) error {
	s := section{
		ID: "cellvi_elbo", ParentID: parentID, ParentName: parentName, ParentAbout: parentAbout, Name: "ELBO",
		Description: "The loss by epoch, per cell: the negative evidence lower bound at KL weight 1. Lower is better; runs on other genes are not comparable.",
		PlotType:    "linegraph",
		Config:      plotConfig{ID: "cellvi_elbo_plot", Title: "cellvi: ELBO", XLab: "Epoch", YLab: "ELBO, as a loss per cell"},
		Data:        map[string]points{"train: " + d.sample(): d.History.ELBOTrain},
	}
	if anyFinite(d.History.ELBOValidation) {
		s.Data["validation: "+d.sample()] = d.History.ELBOValidation
	}
	return writeJSON(w, s)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // a name may hold &
	return e.Encode(v)
}
