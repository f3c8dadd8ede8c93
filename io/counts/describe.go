package counts

// Description is what a file holds, found without reading counts.
type Description struct {
	Format   string // for people: "AnnData (.h5ad)", "10x HDF5, version 3"
	Cells    int64
	Genes    int64    // of the first matrix, those of the layers too
	Matrices []Matrix // those that are there
	Obs      []Annotation
	Var      []Annotation
}

// Matrix is one matrix of a file.
type Matrix struct {
	Name    string   // as the option that chooses among them takes it: "X", "layers/counts"
	Storage string   // "csr", "csc", "dense", or another word for how it is stored
	Type    string   // of the values, as numpy names it: "float32"
	Filters []string // "gzip", "shuffle", ...; empty: not compressed
	Cells   int64
	Genes   int64
	Stored  int64  // values in the file; all of them for a dense one; 0 where not known
	Problem string // why it cannot be read; empty where it can
}

// Annotation is one column of cells or genes.
type Annotation struct {
	Name    string
	Kind    string   // as Kind says it; empty where it cannot be read
	Levels  []string // of a categorical
	Problem string   // why it is left out; empty where it is read
}

// Annotations describes the columns of a frame.
func Annotations(f *Frame) []Annotation {
	list := make([]Annotation, len(f.Columns))
	for i := range f.Columns {
		c := &f.Columns[i]
		list[i] = Annotation{Name: c.Name, Kind: c.Kind.String(), Levels: c.Levels}
	}
	return list
}

// Noter is what a Reader may be besides, where it leaves out or decides something
// that the user should hear of. Notes are whole sentences, known once it is open.
type Noter interface {
	Notes() []string
}
