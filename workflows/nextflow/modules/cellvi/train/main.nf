process CELLVI_TRAIN {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(store, stageAs: 'store'), path(prepared, stageAs: 'prepared')
    path extras // what ext.args names (--init-model), or []

    output:
    tuple val(meta), path("${prefix}/model")          , emit: model
    tuple val(meta), path("${prefix}/history.parquet"), emit: history
    tuple val(meta), path("${prefix}/genes.parquet")  , emit: genes
    tuple val(meta), path("${prefix}/run.json")       , emit: record
    path "versions.yml"                               , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    // Each try has a task folder of its own: a checkpoint outside of it is what the next goes on from.
    def checkpoint = task.ext.checkpoint_dir ? "--checkpoint-dir ${task.ext.checkpoint_dir}" : ''
    if ("${store} ${prepared} ${extras}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    cellvi train \\
        --store ${store} \\
        --prepared ${prepared} \\
        --outdir ${prefix} \\
        --threads ${task.cpus} \\
        ${checkpoint} \\
        ${args}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir -p ${prefix}/model
    touch ${prefix}/model/model.json ${prefix}/model/model.safetensors
    touch ${prefix}/history.parquet ${prefix}/genes.parquet ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
