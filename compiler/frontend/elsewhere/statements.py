"""Words that are part of a statement in nnc, or belong to a program around the spec."""

from __future__ import annotations

PARTS = {
    "optimizer sgd lr=…": "lr learning_rate eta base_lr",
    "optimizer sgd lr=… momentum=…": "momentum",
    "optimizer sgd lr=… weight_decay=…": "weight_decay",
    "schedule cosine steps=…": "lr_scheduler lr_schedule lr_policy",
    "schedule constant warmup=…": "warmup",
    "clip norm=…": "clipnorm clip_norm clip_grad_norm gradient_clip grad_clip clip_grad_norm_",
    "train epochs=…": "epochs num_epochs n_epochs epoch",
    "train batch=…": "batch batch_size minibatch",
    "train seed=…": "seed random_seed random_state manual_seed",
    "train shuffle=…": "shuffle",
    "regularize l1=…": "l1 lasso",
    "regularize l2=…": "l2 regularizer regularization ridge weight_penalty",
    "loss mse": "criterion cost objective loss_function losses",
    "metric accuracy": "accuracy metrics",
    "input 784": "inputs input_shape input_size data",
    "output NAME": "outputs",
    "dtype float64": "float_type",
    "model NAME": "name net network",
    "let width = 16": "const var",
    "block twice(n) = dense n relu -> dense n relu": "def module function func",
    'include "blocks.nn"': "import from require",
}
"""Statements, each with the words that become part of it."""

STATEMENTS = {word: written for written, words in PARTS.items() for word in words.split()}
"""Words that are part of a statement, with the statement that replaces them."""

ABSENT_STATEMENTS = {
    "nnc has no callbacks; a loop around the module's `train_step` can do it": (
        "early_stopping EarlyStopping ModelCheckpoint checkpoint callbacks callback TensorBoard "
        "CSVLogger patience"
    ),
    "a spec says the network and how it trains; `nnc train` and the module do it": (
        "fit compile predict evaluate forward backward step"
    ),
    "stages follow one another with arrows: `input 784 -> dense 30 relu -> dense 10`": (
        "Sequential layers add"
    ),
}
"""Advice for words without a statement, and the words."""

OWN_STATEMENT = {
    "regularize l1=…": "l1 kernel_l1",
    "regularize l2=…": "l2 kernel_l2",
    "clip norm=…": "clipnorm clip_norm global_clipnorm max_grad_norm",
    "clip value=…": "clipvalue clip_value",
    "train batch=…": "batch batch_size",
    "train epochs=…": "epochs num_epochs n_epochs",
    "train seed=…": "seed random_seed random_state",
    "train shuffle=…": "shuffle",
    "optimizer sgd lr=…": "lr learning_rate",
    "optimizer sgd lr=… momentum=…": "momentum",
    "optimizer sgd lr=… weight_decay=…": "weight_decay",
    "schedule cosine steps=…": "scheduler lr_scheduler",
    "schedule constant warmup=…": "warmup",
    "metric accuracy": "metrics accuracy",
    "loss mse": "criterion",
    "dtype float64": "dtype",
}
"""Arguments elsewhere that are separate statements in nnc."""
