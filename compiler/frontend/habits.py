"""What people who come from PyTorch, Keras or scikit-learn type, and what it is called here."""

from __future__ import annotations

from collections.abc import Iterable

KEYS = {
    **dict.fromkeys(("learning_rate", "eta"), "lr"),
    **dict.fromkeys(("batch_size", "minibatch"), "batch"),
    **dict.fromkeys(("num_epochs", "n_epochs", "max_epochs", "max_iter"), "epochs"),
    **dict.fromkeys(("random_state", "random_seed"), "seed"),
    **dict.fromkeys(("use_bias", "fit_intercept"), "bias"),
    **dict.fromkeys(("weights", "kernel_initializer", "weight_init", "initializer"), "init"),
    **dict.fromkeys(("bias_initializer",), "bias_init"),
    **dict.fromkeys(("in_features", "input_dim", "input_shape", "input_size", "inputs"), "in"),
    **dict.fromkeys(("out_features", "n_units", "neurons", "size", "outputs"), "units"),
    **dict.fromkeys(("hidden_size", "hidden", "hidden_dim"), "units"),
    **dict.fromkeys(("num_layers", "n_layers"), "layers"),
    **dict.fromkeys(("go_backwards",), "reverse"),
    **dict.fromkeys(("num_embeddings", "vocab_size", "vocab"), "count"),
    **dict.fromkeys(("embedding_dim", "output_dim"), "size"),
    **dict.fromkeys(("rate", "prob", "drop_prob"), "p"),
    **dict.fromkeys(("alpha", "negative_slope"), "a"),
    **dict.fromkeys(("label_smoothing",), "smoothing"),
    **dict.fromkeys(("class_weight", "class_weights"), "weights"),
    **dict.fromkeys(("loss_weight", "factor"), "weight"),
    **dict.fromkeys(("decay", "l2"), "weight_decay"),
    **dict.fromkeys(("beta_1", "betas", "b1"), "beta1"),
    **dict.fromkeys(("beta_2", "b2"), "beta2"),
    **dict.fromkeys(("epsilon",), "eps"),
    **dict.fromkeys(("rho",), "alpha"),
    **dict.fromkeys(("initial_accumulator_value",), "start"),
    **dict.fromkeys(("decoupled_weight_decay",), "decoupled"),
    **dict.fromkeys(("step_size",), "every"),
    **dict.fromkeys(("t_max", "total_steps", "total_iters", "decay_steps"), "steps"),
    **dict.fromkeys(("eta_min", "min_lr"), "min"),
    **dict.fromkeys(("end_lr", "end_learning_rate"), "end"),
    **dict.fromkeys(("max_lr",), "max"),
    **dict.fromkeys(("warmup_steps", "num_warmup_steps"), "warmup"),
    **dict.fromkeys(("max_norm", "clipnorm", "global_clipnorm"), "norm"),
    **dict.fromkeys(("clip_value", "clipvalue"), "value"),
}
"""Names of arguments elsewhere, each with the argument it is here."""

INITS = {
    **dict.fromkeys(("he_normal", "he_uniform", "kaiming_normal", "kaiming_uniform"), "he"),
    **dict.fromkeys(
        ("glorot_uniform", "glorot_normal", "xavier_uniform", "xavier_normal"), "xavier"
    ),
    **dict.fromkeys(("lecun_normal", "lecun_uniform"), "lecun"),
    **dict.fromkeys(("zero",), "zeros"),
    **dict.fromkeys(("one",), "ones"),
    **dict.fromkeys(("random_normal", "truncated_normal", "gaussian", "randn"), "normal"),
    **dict.fromkeys(("random_uniform",), "uniform"),
}
"""Initialisations elsewhere, each with the nearest one here."""

CHOICES = {
    **dict.fromkeys(("acc", "categorical_accuracy", "accuracy_score"), "accuracy"),
    **dict.fromkeys(
        ("cross_entropy_loss", "crossentropyloss", "nll", "nll_loss", "log_loss"), "crossentropy"
    ),
    **dict.fromkeys(
        ("sparse_categorical_crossentropy", "softmax_cross_entropy"),
        "crossentropy",
    ),
    **dict.fromkeys(("bceloss", "bcewithlogitsloss", "bce_with_logits"), "bce"),
    **dict.fromkeys(("mseloss", "mse_loss", "l2", "l2_loss"), "mse"),
    **dict.fromkeys(("l1loss", "l1_loss", "l1"), "mae"),
    **dict.fromkeys(("smooth_l1", "smoothl1loss", "huber_loss"), "huber"),
    **dict.fromkeys(("cosineannealinglr", "cosineannealing", "cosinedecay"), "cosine"),
    **dict.fromkeys(("steplr", "piecewise", "multistep"), "step"),
    **dict.fromkeys(("exponentiallr", "exponentialdecay"), "exponential"),
    **dict.fromkeys(("linearlr", "polynomial"), "linear"),
    **dict.fromkeys(("onecyclelr", "one_cycle", "1cycle"), "onecycle"),
    **dict.fromkeys(("warmup",), "constant"),
}
"""Losses, metrics and schedules elsewhere, each with the one it is here."""

_SETTINGS = {
    "optimizer sgd lr=…": ("lr", "learning_rate", "eta"),
    "optimizer sgd lr=… momentum=…": ("momentum",),
    "schedule cosine steps=…": ("scheduler", "lr_scheduler", "lr_schedule"),
    "schedule constant warmup=…": ("warmup",),
    "clip norm=…": ("clipnorm", "clip_norm", "clip_grad_norm", "gradient_clip", "grad_clip"),
    "train epochs=…": ("epochs", "num_epochs", "n_epochs"),
    "train batch=…": ("batch", "batch_size"),
    "train seed=…": ("seed", "random_seed", "random_state"),
    "regularize l1=…": ("l1",),
    "regularize l2=…": ("l2", "regularizer", "regularization", "regularise"),
    "loss mse": ("criterion", "cost", "objective"),
    "metric accuracy": ("accuracy", "metrics"),
}
STATEMENTS = {word: statement for statement, words in _SETTINGS.items() for word in words}
"""Words that are part of a statement here, with the statement that says it."""

MODULES = ("nn", "F", "f", "torch", "keras", "layers", "tf", "np", "functional", "activations")
"""What stands before a dot elsewhere; here names stand alone."""


def called_here(word: str, table: dict[str, str], names: Iterable[str]) -> str | None:
    """The name of a thing that is called by that word elsewhere, if it is among `names`.

    >>> called_here("learning_rate", KEYS, ["lr"]), called_here("BCELoss", CHOICES, ["bce"])
    ('lr', 'bce')
    """
    meant = table.get(word.lower())
    return meant if meant is not None and meant in names else None
