process CELLVI_RUN {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(counts, stageAs: 'counts?/*') // several are joined, in this order
    path extras                                         // files that ext.args names (--obs, --genes, ...), or []

    output:
    tuple val(meta), path("${prefix}/latent.parquet") , emit: latent
    tuple val(meta), path("${prefix}/refined.parquet"), emit: refined, optional: true // of --refine
    tuple val(meta), path("${prefix}/reconstruction") , emit: reconstruction, optional: true
    tuple val(meta), path("${prefix}/model")          , emit: model
    tuple val(meta), path("${prefix}/history.parquet"), emit: history
    tuple val(meta), path("${prefix}/genes.parquet")  , emit: genes
    tuple val(meta), path("${prefix}/store")          , emit: store
    tuple val(meta), path("${prefix}/prepared")       , emit: prepared
    tuple val(meta), path("${prefix}/check.json")     , emit: check, optional: true // of --check
    tuple val(meta), path("${prefix}/check.parquet")  , emit: checked, optional: true
    tuple val(meta), path("${prefix}/report.html")    , emit: report
    tuple val(meta), path("${prefix}/*_mqc.json")   , emit: multiqc
    tuple val(meta), path("${prefix}/run.json")       , emit: record
    tuple val(meta), path("*.h5ad")                   , emit: h5ad, optional: true // of --write-h5ad
    path "versions.yml"                               , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def checkpoint = task.ext.checkpoint_dir ? "--checkpoint-dir ${task.ext.checkpoint_dir}" : ''
    if (prefix ==~ /counts\d*/ || "${extras}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    inputs=()
    for path in ${counts}; do
        if [ -d "\$path/store" ]; then path="\$path/store"; fi # the folder of a run of cellvi
        inputs+=(--input "\$path")
    done

    cellvi run \\
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
    mkdir -p ${prefix}/reconstruction ${prefix}/model ${prefix}/store ${prefix}/prepared
    touch ${prefix}/latent.parquet ${prefix}/history.parquet ${prefix}/genes.parquet
    touch ${prefix}/reconstruction/px_rate.parquet ${prefix}/reconstruction/px_r.parquet
    touch ${prefix}/model/model.json ${prefix}/model/model.safetensors
    touch ${prefix}/store/cells.arrow ${prefix}/store/genes.arrow
    touch ${prefix}/prepared/cells.parquet ${prefix}/prepared/genes.parquet
    touch ${prefix}/report.html ${prefix}/cellvi_mqc.json ${prefix}/cellvi_table_mqc.json ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
