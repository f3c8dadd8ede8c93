#!/usr/bin/env nextflow
// Counts of single cells to a latent embedding, by cellvi: in one task, or scattered over many (--scatter).
// README.md beside this file has examples; nextflow.config every parameter.

include { CELLVI_RUN     } from './modules/cellvi/run/main'
include { CELLVI_SCATTER } from './subworkflows/cellvi_scatter/main'

// labels gives each input the name by which cellvi knows it (`--batch-key input`): the file's without its ending, or
// where these are alike, the name of the first folder above in which all differ.
def labels(inputs) {
    def ending = /\.(h5ad|h5|loom|csv|tsv|txt|parquet|arrow|feather|mtx)(\.gz)?$/
    def ways = inputs.collect { path -> path.toUriString().replaceFirst(ending, '').tokenize('/').reverse() }
    def depth = (0..<ways.collect { way -> way.size() }.min()).find { level ->
        ways.collect { way -> way[level] }.unique().size() == inputs.size()
    }
    if (depth == null) {
        error "--input: no names tell these apart: ${inputs.join(', ')}"
    }
    return ways.collect { way -> way[depth] }
}

// countsOf finds the inputs, in the order of their paths, so that what came first does not depend on the file system.
def countsOf(patterns) {
    if (!patterns) {
        error "--input is missing: counts to read, such as --input 'data/*.h5ad'"
    }
    def found = "${patterns}".tokenize(',').collectMany { pattern ->
        def paths = file(pattern, type: 'any', checkIfExists: true)
        paths instanceof List ? paths : [paths]
    }
    // A store is known by the folder of the run that it is in.
    return found.collect { path -> path.name == 'store' ? path.parent : path }.sort { path -> path.toUriString() }
}

// extrasOf are files that options name, to be staged beside the counts.
def extrasOf(paths) {
    return paths.findAll { path -> path }.collect { path -> file(path, checkIfExists: true) }
}

workflow {
    def counts = countsOf(params.input)
    def names = labels(counts)
    def whole = [id: 'cellvi']

    if (params.scatter) {
        if (params.write_h5ad) {
            error "--write_h5ad needs the cells in one piece: leave --scatter out"
        }
        CELLVI_SCATTER(
            Channel.fromList([names, counts].transpose()).map { name, path -> [whole, name, path] },
            params.parts ?: counts.size(),
            extrasOf([params.var]),
            extrasOf([params.obs]),
            extrasOf([params.genes, params.split]),
            extrasOf([params.reconstruct_genes]),
            params.check,
        )
    }
    else {
        if (names != counts.collect { path -> labels([path])[0] }) {
            error "--input: several inputs have the same name: ${counts.join(', ')}: rename them, or use --scatter, which names them by their folders"
        }
        CELLVI_RUN(
            Channel.of([whole, counts]),
            extrasOf([params.var, params.obs, params.genes, params.split, params.reconstruct_genes]),
        )
    }
}
