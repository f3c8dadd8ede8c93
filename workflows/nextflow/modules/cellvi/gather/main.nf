process CELLVI_GATHER {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(parts, stageAs: 'part?/*') // folders of CELLVI_EMBED and CELLVI_RECONSTRUCT, in any order

    output:
    tuple val(meta), path("${prefix}/latent.parquet") , emit: latent, optional: true
    tuple val(meta), path("${prefix}/refined.parquet"), emit: refined, optional: true
    tuple val(meta), path("${prefix}/reconstruction") , emit: reconstruction, optional: true
    tuple val(meta), path("${prefix}/run.json")       , emit: record
    path "versions.yml"                               , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    if (prefix ==~ /part\d*/) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    cellvi gather \\
        ${parts} \\
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
    mkdir -p ${prefix}/reconstruction
    touch ${prefix}/latent.parquet ${prefix}/reconstruction/px_rate.parquet ${prefix}/reconstruction/px_r.parquet ${prefix}/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
