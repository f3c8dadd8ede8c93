process CELLVI_PREPARE {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(store, stageAs: 'store')
    path extras // files that ext.args names (--genes, --split), or []

    output:
    tuple val(meta), path("${prefix}/prepared"), emit: prepared
    tuple val(meta), path("${prefix}/run.json"), emit: record
    path "versions.yml"                        , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    if ("${store} ${extras}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    cellvi prepare \\
        --store ${store} \\
        --outdir ${prefix} \\
        --threads ${task.cpus} \\
        ${args}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir -p ${prefix}/prepared
    touch ${prefix}/prepared/cells.parquet ${prefix}/prepared/genes.parquet ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
