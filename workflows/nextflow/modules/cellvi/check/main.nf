process CELLVI_CHECK {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(store, stageAs: 'store'), path(prepared, stageAs: 'prepared'), path(model, stageAs: 'model'), path(history) // history: of the training, or [] where there is none
    path extras // the file that ext.args names (--cells), or []

    output:
    tuple val(meta), path("${prefix}/check.json")   , emit: check // what CELLVI_REPORT takes
    tuple val(meta), path("${prefix}/check.parquet"), emit: checked
    tuple val(meta), path("${prefix}/run.json")     , emit: record
    path "versions.yml"                             , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def losses = history ? "--history ${history}" : ''
    prefix = task.ext.prefix ?: "${meta.id}"
    if ("${store} ${prepared} ${model} ${history} ${extras}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    cellvi check \\
        --store ${store} \\
        --prepared ${prepared} \\
        --model ${model} \\
        ${losses} \\
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
    mkdir -p ${prefix}
    touch ${prefix}/check.json ${prefix}/check.parquet ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
