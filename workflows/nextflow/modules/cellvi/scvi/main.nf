// Takes and gives what nf-core/scdownstream's local module SCVITOOLS_SCVI does, in the same order and by the same
// names, so that it can stand in its place:
//
//     include { CELLVI_SCVI as SCVITOOLS_SCVI } from '../../../modules/local/cellvi/scvi'
//
// One thing differs. A file that scvi-tools opens is written by scvi-tools, so `model` is cellvi's folder unless
// ext.scvi_tools_model is true, which needs a Python with scvi-tools in the environment (ext.python, or python3). Then it
// is PREFIX_model/model.pt, as there: what a scANVI step that goes on from it needs.
process CELLVI_SCVI {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "cellvi:0.1.0"

    input:
    tuple val(meta), path(h5ad)
    tuple val(meta2), path(reference_model, stageAs: 'reference_model/model.pt') // scvi-tools' model.pt, cellvi's folder of a model, or []
    val batch_col
    val categorical_covariates                                                   // columns separated by commas, or a list
    val continuous_covariates
    val n_hidden
    val n_layers
    val n_latent
    val dispersion
    val gene_likelihood
    val max_epochs                                                               // '' or 0: by the number of cells
    val use_observed_lib_size

    output:
    tuple val(meta), path("${prefix}.h5ad"), emit: h5ad  // the input, with the latent in obsm["X_emb"]
    tuple val(meta), path("${saved_model}"), emit: model
    path "X_${prefix}.parquet"             , emit: obsm
    path "versions.yml"                    , emit: versions // eval outputs and topics need a Nextflow newer than 22.10

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    saved_model = task.ext.scvi_tools_model ? "${prefix}_model/model.pt" : "${prefix}_model"
    def checkpoint = task.ext.checkpoint_dir ? "--checkpoint-dir ${task.ext.checkpoint_dir}" : ''
    def python = task.ext.python ? "--python ${task.ext.python}" : ''
    if ("${h5ad}" == "${prefix}.h5ad") {
        error "Input and output names are the same, set prefix in module configuration to disambiguate!"
    }
    if (reference_model && meta2.id == 'scanvi') {
        error "cellvi maps onto SCVI models, its own or scvi-tools', not onto scANVI models: give the SCVI model that the scANVI model was made from"
    }
    def categorical = categorical_covariates instanceof List ? categorical_covariates.join(',') : categorical_covariates
    def continuous = continuous_covariates instanceof List ? continuous_covariates.join(',') : continuous_covariates
    def training = [
        "--early-stopping", // as there, with the same patience by default
        max_epochs ? "--max-epochs ${max_epochs}" : '',
        "--write-h5ad ${prefix}.h5ad",
        "--obsm-key X_emb",
        "--overwrite-keys",
        "--outdir cellvi",
        "--threads ${task.cpus}",
        checkpoint,
        args,
    ].findAll { option -> option }.join(' ')
    // A reference model has its covariates, layers and likelihood already, there as here.
    def setup = [
        batch_col ? "--batch-key '${batch_col}'" : '',
        categorical ? "--categorical-covariate-keys '${categorical}'" : '',
        continuous ? "--continuous-covariate-keys '${continuous}'" : '',
        n_hidden ? "--n-hidden ${n_hidden}" : '',
        n_layers ? "--n-layers ${n_layers}" : '',
        n_latent ? "--n-latent ${n_latent}" : '',
        dispersion ? "--dispersion ${dispersion}" : '',
        gene_likelihood ? "--gene-likelihood ${gene_likelihood}" : '',
        "${use_observed_lib_size}" == 'false' ? "--no-use-observed-lib-size" : "--use-observed-lib-size",
        "--no-reconstruct",
    ].findAll { option -> option }.join(' ')
    def fit = !reference_model
        ? "cellvi run --input ${h5ad} ${setup} ${training}"
        : """reference=reference_model/model.pt
    if [ -f \$reference ]; then # scvi-tools' own: needs a Python with it
        cellvi import reference_model --outdir imported ${python}
        reference=imported/model
    fi
    cellvi query \$reference ${h5ad} ${batch_col ? "--batch-key '${batch_col}'" : ''} ${training}"""
    def save = task.ext.scvi_tools_model
        ? "cellvi export --to scvi-tools ${prefix}_model --outdir cellvi ${python}"
        : "cp -r cellvi/model ${prefix}_model"
    """
    ${fit}
    ${save}
    cp cellvi/latent.parquet X_${prefix}.parquet

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    saved_model = task.ext.scvi_tools_model ? "${prefix}_model/model.pt" : "${prefix}_model"
    """
    mkdir -p ${prefix}_model
    touch ${prefix}.h5ad ${prefix}_model/model.pt X_${prefix}.parquet

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        cellvi: \$(cellvi --version)
    END_VERSIONS
    """
}
