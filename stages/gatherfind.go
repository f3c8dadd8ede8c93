package stages

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"cellvi/io/results"
	"cellvi/pipeline"
)

// find looks which files the folders hold, and checks that they make a whole.
func (s *Gather) find(ctx context.Context) (*gathering, error) {
	var latents, refined, reconstructions []string
	for _, dir := range s.Parts {
		l, err := s.partOf(dir)
		if err != nil {
			return nil, err
		}
		if exists(l.Latent()) {
			latents = append(latents, l.Latent())
		}
		if exists(l.Refined()) {
			refined = append(refined, l.Refined())
		}
		if exists(l.Reconstruction()) {
			reconstructions = append(reconstructions, l.Reconstruction())
		}
	}
	g := &gathering{}
	if err := g.findMatrices(ctx, reconstructions); err != nil {
		return nil, err
	}
	if len(latents) == 0 {
		return g, nil
	}
	var err error
	if g.latent, err = gather(ctx, "latent.parquet", latents); err != nil {
		return g, err
	}
	if err := g.findRefined(ctx, refined); err != nil || len(g.matrices) == 0 {
		return g, err
	}
	return g, g.matrices[0].pieces[0].sameData(&g.latent.pieces[0])
}

// findRefined takes the posteriors that were fitted to each cell, which every part must
// have where the latent is theirs.
func (g *gathering) findRefined(ctx context.Context, paths []string) (err error) {
	first := &g.latent.pieces[0]
	if first.Refine == "" || len(paths) == 0 {
		if first.Refine != "" {
			return pipeline.NoInput("%s: is of refined posteriors (--refine), and refined.parquet beside it is missing: embed this part again", first.path)
		}
		return nil
	}
	if g.refined, err = gather(ctx, refinedName, paths); err != nil {
		return err
	}
	return g.refined.pieces[0].goesWith(first)
}

// partOf looks at a folder that the user named.
func (s *Gather) partOf(dir string) (l Layout, err error) {
	l = Layout{dir}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return l, pipeline.Explain(err)
	case !info.IsDir():
		return l, pipeline.BadInput("%s: is no folder: name the folder of the run that wrote it", dir)
	case !exists(l.Latent()) && !exists(l.Reconstruction()):
		return l, pipeline.NoInput("%s: holds neither latent.parquet nor reconstruction: name folders that cellvi embed --part or reconstruct --part wrote", dir)
	}
	if out, err := os.Stat(s.Dir); err == nil && os.SameFile(info, out) {
		return l, pipeline.Usage("%s: is --outdir too, where the whole would take the part's place: name another --outdir", dir)
	}
	return l, nil
}

// exists tells whether something stands at path; what cannot be seen is found later.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
}

// findMatrices takes the reconstructions' files, which every part must have.
func (g *gathering) findMatrices(ctx context.Context, dirs []string) error {
	if len(dirs) == 0 {
		return nil
	}
	names, err := matricesIn(dirs[0])
	if err != nil {
		return err
	}
	for _, dir := range dirs[1:] {
		other, err := matricesIn(dir)
		if err != nil {
			return err
		}
		if !slices.Equal(names, other) {
			return pipeline.BadInput("%s: holds %s, %s holds %s: reconstruct every part with the same options", dir, strings.Join(other, ", "), dirs[0], strings.Join(names, ", "))
		}
	}
	for _, name := range names {
		var paths []string
		for _, dir := range dirs {
			paths = append(paths, filepath.Join(dir, name))
		}
		if name == dispersionFile {
			genes, err := ofGenes(paths[0])
			if err != nil {
				return err
			}
			if genes {
				g.alike = paths
				continue
			}
		}
		t, err := gather(ctx, "reconstruction/"+name, paths)
		if err != nil {
			return err
		}
		g.matrices = append(g.matrices, t)
	}
	if len(g.matrices) == 0 {
		return pipeline.BadInput("%s: holds no px_rate.parquet or px_scale.parquet: reconstruct this part again", dirs[0])
	}
	return nil
}

// dispersionFile is of genes, or where each cell has its own, of cells.
const dispersionFile = "px_r.parquet"

// matricesIn are the files of a reconstruction that a folder holds.
func matricesIn(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if slices.Contains(reconstructionFiles, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// ofGenes tells a table of genes from one of cells.
func ofGenes(path string) (bool, error) {
	r, err := results.Open(path)
	if err != nil {
		return false, err
	}
	return r.Index == "gene_id", r.Close()
}
