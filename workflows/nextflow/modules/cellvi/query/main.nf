process CELLVI_QUERY {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(counts, stageAs: 'counts?/*') // new cells; several are joined, in this order
    tuple val(meta2), path(model, stageAs: 'reference/*')
    path extras                                         // files that ext.args names (--obs, --split), or []

    output:
    tuple val(meta), path("${prefix}/latent.parquet") , emit: latent
    tuple val(meta), path("${prefix}/model")          , emit: model
    tuple val(meta), path("${prefix}/history.parquet"), emit: history
    tuple val(meta), path("${prefix}/genes.parquet")  , emit: genes
    tuple val(meta), path("${prefix}/store")          , emit: store
    tuple val(meta), path("${prefix}/prepared")       , emit: prepared
    tuple val(meta), path("${prefix}/run.json")       , emit: record
    tuple val(meta), path("*.h5ad")                   , emit: h5ad, optional: true // of --write-h5ad
    path "versions.yml"                               , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def checkpoint = task.ext.checkpoint_dir ? "--checkpoint-dir ${task.ext.checkpoint_dir}" : ''
    if (prefix == 'reference' || prefix ==~ /counts\d*/ || "${extras}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    inputs=()
    for path in ${counts}; do
        if [ -d "\$path/store" ]; then path="\$path/store"; fi # the folder of a run of cellvi
        inputs+=("\$path")
    done

    cellvi query \\
        ${model} \\
        "\${inputs[@]}" \\
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
    mkdir -p ${prefix}/model ${prefix}/store ${prefix}/prepared
    touch ${prefix}/latent.parquet ${prefix}/history.parquet ${prefix}/genes.parquet ${prefix}/run.json
    touch ${prefix}/model/model.json ${prefix}/model/model.safetensors
    touch ${prefix}/store/cells.arrow ${prefix}/store/genes.arrow
    touch ${prefix}/prepared/cells.parquet ${prefix}/prepared/genes.parquet

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
