package counts

import (
	"fmt"
	"slices"
)

// joinGenes settles the joined genes and every input's way to them.
func (j *Joined) joinGenes() error {
	frames := make([]*Frame, len(j.inputs))
	has := map[string]int{} // gene → inputs that have it
	var met []string        // genes as first met
	for i := range j.inputs {
		in := &j.inputs[i]
		frames[i] = in.Genes()
		in.names = slices.Clone(frames[i].Names)
		if n := MakeUnique(in.names); n > 0 {
			j.warnings = append(j.warnings, fmt.Sprintf("%s: gene names made unique by a suffix -1, -2, …: %d", j.opt.Labels[i], n))
		}
		for _, name := range in.names {
			if has[name]++; has[name] == 1 {
				met = append(met, name)
			}
		}
	}
	for _, name := range met {
		if has[name] == len(j.inputs) {
			j.shared++
		}
		if j.opt.Outer || has[name] == len(j.inputs) {
			j.genes.Names = append(j.genes.Names, name)
		}
	}
	if len(j.genes.Names) == 0 {
		return j.noCommonGenes()
	}
	if err := j.checkOverlap(has); err != nil {
		return err
	}
	j.mapGenes()
	return j.annotateGenes(frames)
}

func (j *Joined) noCommonGenes() error {
	for i := range j.inputs {
		if len(j.inputs[i].names) == 0 {
			return &InputError{File: j.opt.Labels[i], Found: "it has no genes"}
		}
	}
	return &InputError{
		File: j.opt.Labels[len(j.opt.Labels)-1],
		Found: fmt.Sprintf("no gene name is in every input: its first is %s, that of %s is %s",
			Printable(j.inputs[len(j.inputs)-1].names[0]), j.opt.Labels[0], Printable(j.inputs[0].names[0])),
		Advice: adviceOverlap,
	}
}

// mapGenes fills each input's way from its genes to the joined ones.
func (j *Joined) mapGenes() {
	place := make(map[string]int32, len(j.genes.Names))
	for i, name := range j.genes.Names {
		place[name] = int32(i)
	}
	for i := range j.inputs {
		in := &j.inputs[i]
		in.gene, in.order = make([]int32, len(in.names)), true
		in.same = slices.Equal(in.names, j.genes.Names)
		last := int32(-1)
		for g, name := range in.names {
			to, kept := place[name]
			if !kept {
				in.gene[g] = -1
				continue
			}
			in.gene[g] = to
			in.kept++
			in.order = in.order && to > last
			last = to
		}
	}
}

// annotateGenes merges the gene annotations: the first value met of each gene.
func (j *Joined) annotateGenes(frames []*Frame) error {
	plan, warnings := planColumns("gene annotation", frames, j.opt.Labels)
	j.warnings = append(j.warnings, warnings...)
	for p := range plan {
		merged := plan[p].header
		merged.AppendMissing(len(j.genes.Names))
		other, first := int64(0), ""
		for i := range j.inputs {
			own := plan[p].convert(i, frames[i])
			if own.Len() != len(j.inputs[i].gene) {
				return fmt.Errorf("%s: gene annotation %s has %d rows for %d genes", j.opt.Labels[i], own.Name, own.Len(), len(j.inputs[i].gene))
			}
			for g, to := range j.inputs[i].gene {
				switch {
				case to < 0 || own.IsMissing(g):
				case merged.IsMissing(int(to)):
					merged.set(int(to), &own, g)
				case names(merged.Kind) && merged.Text(int(to)) != own.Text(g):
					if other++; other == 1 {
						first = j.genes.Names[to]
					}
				}
			}
		}
		if other > 0 {
			j.warnings = append(j.warnings, fmt.Sprintf("gene annotation %s: other values in a later input, the first for gene %s: %s: are they the same genes? --gene-id joins on an annotation",
				Printable(merged.Name), Printable(first), Thousands(other)))
		}
		if !slices.Contains(merged.Missing, true) {
			merged.Missing = nil
		}
		j.genes.Columns = append(j.genes.Columns, merged)
	}
	return nil
}

// names tells a kind that may name genes, where inputs should agree.
func names(k Kind) bool { return k == String || k == Categorical }

// set makes row i of c row k of from, which is of the same kind and not missing.
func (c *Column) set(i int, from *Column, k int) {
	switch c.Kind {
	case Categorical:
		c.Codes[i] = from.Codes[k]
	case String:
		c.Strings[i] = from.Strings[k]
	case Int:
		c.Ints[i] = from.Ints[k]
	case Float:
		c.Floats[i] = from.Floats[k]
	case Bool:
		c.Bools[i] = from.Bools[k]
	}
	if c.Missing != nil {
		c.Missing[i] = false
	}
}
