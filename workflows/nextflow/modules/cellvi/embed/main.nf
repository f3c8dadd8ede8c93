process CELLVI_EMBED {
    tag "${part ? "${meta.id} ${part}" : meta.id}"
    label 'process_low'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(store, stageAs: 'store'), path(prepared, stageAs: 'prepared'), path(model, stageAs: 'model'), val(part) // part: '2/8' for the second of eight shares of the cells, or ''

    output:
    tuple val(meta), path("${prefix}")                , emit: folder // of a part: what CELLVI_GATHER takes
    tuple val(meta), path("${prefix}/latent.parquet") , emit: latent
    tuple val(meta), path("${prefix}/refined.parquet"), emit: refined, optional: true // of --refine
    tuple val(meta), path("*.h5ad")                   , emit: h5ad, optional: true // of --write-h5ad
    tuple val(meta), path("${prefix}/run.json")       , emit: record
    path "versions.yml"                               , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def share = part ? "--part ${part}" : ''
    prefix = task.ext.prefix ?: (part ? "${meta.id}_${part.replace('/', 'of')}" : "${meta.id}")
    if ("${store} ${prepared} ${model}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    cellvi embed \\
        --store ${store} \\
        --prepared ${prepared} \\
        --model ${model} \\
        --outdir ${prefix} \\
        --threads ${task.cpus} \\
        ${share} \\
        ${args}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: (part ? "${meta.id}_${part.replace('/', 'of')}" : "${meta.id}")
    """
    mkdir -p ${prefix}
    touch ${prefix}/latent.parquet ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
