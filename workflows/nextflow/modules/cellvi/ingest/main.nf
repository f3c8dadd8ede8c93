process CELLVI_INGEST {
    tag "${meta.id}"
    label 'process_single'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(counts, stageAs: 'counts?/*') // several are joined, in this order
    path extras                                         // files that ext.args names (--obs, --var), or []

    output:
    tuple val(meta), path("${prefix}")   , emit: store // as an input of a join it is named by this folder
    tuple val(meta), path("run/run.json"), emit: record
    path "versions.yml"                  , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    if (prefix == 'run' || prefix ==~ /counts\d*/ || "${extras}".tokenize(' ').contains(prefix.toString())) {
        error "Input and output names are the same, use \"task.ext.prefix\" to disambiguate!"
    }
    """
    inputs=()
    for path in ${counts}; do
        if [ -d "\$path/store" ]; then path="\$path/store"; fi # the folder of a run of cellvi
        inputs+=(--input "\$path")
    done

    cellvi ingest \\
        "\${inputs[@]}" \\
        --outdir run \\
        --threads ${task.cpus} \\
        ${args}
    mv run/store ${prefix}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir -p ${prefix} run
    touch ${prefix}/cells.arrow ${prefix}/genes.arrow run/run.json

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
