process CELLVI_REPORT {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(prepared, stageAs: 'prepared'), path(model, stageAs: 'model'), path(history), path(latent), path(records, stageAs: 'record?/*'), path(check) // records: run.json of the stages before, of which the report tells too, or []; check: what CELLVI_CHECK found, or []

    output:
    tuple val(meta), path("${prefix}/report.html")    , emit: report
    tuple val(meta), path("${prefix}/*_mqc.json")   , emit: multiqc
    tuple val(meta), path("${prefix}/run.json")       , emit: record
    path "versions.yml"                               , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def stages = (records instanceof List ? records : [records]).collect { record -> "--run-json ${record}" }.join(' ')
    def trust = check ? "--check-json ${check}" : ''
    prefix = task.ext.prefix ?: "${meta.id}"
    if ("${prepared} ${model} ${history} ${latent} ${check}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    cellvi report \\
        --prepared ${prepared} \\
        --model ${model} \\
        --history ${history} \\
        --latent ${latent} \\
        ${stages} \\
        ${trust} \\
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
    touch ${prefix}/report.html ${prefix}/cellvi_mqc.json ${prefix}/cellvi_table_mqc.json ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
