"""The parameters of scvi-tools' models that cellvi has too, under the same names."""

CLASSES = ("SCVI", "LinearSCVI", "AUTOZI")

# The parameters of each class's __init__, of its module behind **kwargs, and what they are where nobody says (scvi-tools 1.4).
OWN = {"n_hidden": 128, "n_latent": 10, "n_layers": 1, "dropout_rate": 0.1, "dispersion": "gene", "latent_distribution": "normal"}
INIT = {
    "SCVI": {**OWN, "gene_likelihood": "zinb", "use_observed_lib_size": True},
    "LinearSCVI": {**OWN, "gene_likelihood": "nb", "use_observed_lib_size": False},
    "AUTOZI": {**OWN, "alpha_prior": 0.5, "beta_prior": 0.5, "minimal_dropout": 0.01, "zero_inflation": "gene", "use_observed_lib_size": True},
}
VAE = {"log_variational": True, "encode_covariates": False, "deeply_inject_covariates": True, "batch_representation": "one-hot",
       "use_batch_norm": "both", "use_layer_norm": "none"}
MODULE = {"SCVI": VAE, "LinearSCVI": {"log_variational": True, "bias": False}, "AUTOZI": VAE}
EMBEDDING_DIM = 5  # of a batch, where nobody says
INERT = {"extra_payload_autotune"}  # changes what is logged, no number of the model
INERT_LINEAR = {"encode_covariates", "deeply_inject_covariates", "use_layer_norm"}  # its encoder and decoder look at none of these
NAMES = {"train_loss_epoch": "train_loss"}  # of the history, where cellvi and scvi-tools from 1.4 on differ
