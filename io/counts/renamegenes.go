package counts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// GeneNames say what genes are to be called.
type GeneNames struct {
	File         string // that the genes were read from, for errors
	Column       string // gene annotation that holds the names; "" or "var_names" for those of the file
	StripVersion bool   // ENSG00000123456.12 becomes ENSG00000123456; other names stay
}

// RenameGenes gives the genes of r other names. Where any changes, the old names
// stay as the annotation var_names, if there is none called so. A gene without a
// name in the column is an *InputError, and so is a column that is not there or
// boolean. It owns r.
func RenameGenes(r Reader, opt GeneNames) (*Renamed, error) {
	old := r.Genes()
	names := slices.Clone(old.Names)
	if opt.Column != "" && opt.Column != "var_names" {
		var err error
		if names, err = namesIn(old, opt); err != nil {
			return nil, err
		}
	}
	out := &Renamed{Reader: r}
	if opt.StripVersion {
		out.strip(names)
	}
	out.genes = Frame{Names: names, Columns: slices.Clone(old.Columns)}
	if !slices.Equal(names, old.Names) && old.Column("var_names") == nil {
		out.genes.Columns = append(out.genes.Columns, Column{Name: "var_names", Kind: String, Strings: slices.Clone(old.Names)})
	}
	return out, nil
}

// namesIn are the names in a column.
func namesIn(genes *Frame, opt GeneNames) ([]string, error) {
	c := genes.Column(opt.Column)
	if c == nil {
		return nil, noSuchColumn(opt.File, "var", opt.Column, "genes' names", genes)
	}
	place := "var column " + Printable(opt.Column)
	if c.Kind == Bool {
		return nil, &InputError{File: opt.File, Place: place, Found: "it is boolean, which names no gene", Advice: "choose another with --gene-id"}
	}
	names := make([]string, genes.Len())
	without, first := int64(0), ""
	for g := range names {
		if names[g] = c.geneName(g); names[g] != "" {
			continue
		}
		if without++; without == 1 {
			first = genes.Names[g]
		}
	}
	if without == 0 {
		return names, nil
	}
	return nil, &InputError{File: opt.File, Place: place,
		Found:  fmt.Sprintf("%s of %s genes have no name there, the first is %s", Thousands(without), Thousands(int64(len(names))), Printable(first)),
		Advice: "choose another column with --gene-id, or give every gene a name there"}
}

// geneName is row g as a name: whole floats, which integers with gaps become, as
// integers.
func (c *Column) geneName(g int) string {
	if c.Kind == Float && !c.IsMissing(g) {
		return strconv.FormatFloat(c.Floats[g], 'f', -1, 64)
	}
	return c.Text(g)
}

// Renamed is the Reader that RenameGenes makes.
type Renamed struct {
	Reader
	genes            Frame
	shortened, equal int
}

// strip takes versions off names, in place, and counts.
func (r *Renamed) strip(names []string) {
	before := repeated(names)
	for g, name := range names {
		if names[g] = withoutVersion(name); names[g] != name {
			r.shortened++
		}
	}
	r.equal = repeated(names) - before
}

// repeated counts the names that stand before.
func repeated(names []string) int {
	met := make(map[string]struct{}, len(names))
	for _, name := range names {
		met[name] = struct{}{}
	}
	return len(names) - len(met)
}

// Genes have the new names.
func (r *Renamed) Genes() *Frame { return &r.genes }

// Shortened is the number of names that lost a version, and how many more names
// than before are repeats of another for it.
func (r *Renamed) Shortened() (names, equal int) { return r.shortened, r.equal }

// CellNames is the inner Reader's (CellNamer).
func (r *Renamed) CellNames(ctx context.Context) ([]string, error) { return NamesOf(ctx, r.Reader) }
