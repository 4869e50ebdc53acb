"""Losses, optimizers, schedules, metrics and initialisations elsewhere, with their equivalents.

The notation is that of `layers.py`: `~` before a word, or before its replacement, says that the
values may differ."""

from __future__ import annotations

LOSSES = {
    "crossentropy": (
        "CrossEntropyLoss CategoricalCrossentropy SparseCategoricalCrossentropy "
        "softmax_cross_entropy softmax_cross_entropy_with_logits SoftmaxWithLoss "
        "SoftmaxCrossEntropyLoss MultinomialLogisticLoss NLLLoss NLL negative_log_likelihood "
        "NegativeLogLikelihoodLoss log_loss xent ce"
    ),
    "bce": (
        "BCELoss BCEWithLogitsLoss BinaryCrossentropy bce_with_logits "
        "binary_cross_entropy_with_logits binary_cross_entropy "
        "sigmoid_cross_entropy sigmoid_binary_cross_entropy"
    ),
    "bce reduction=batchmean": "SigmoidCrossEntropyLoss",
    "mse": "MSELoss MeanSquaredError mean_squared_loss ~l2 squared_error",
    "mae": "L1Loss MeanAbsoluteError ~l1 absolute_error",
    "huber": "HuberLoss SmoothL1Loss smooth_l1",
    "quadratic": "EuclideanLoss euclidean sum_of_squares half_mse",
    "hinge": "MultiMarginLoss ~HingeLoss ~CategoricalHinge ~multiclass_hinge",
    "kl": "KLDivLoss ~KLDivergence ~kullback_leibler_divergence ~kld ~relative_entropy",
    "poisson": "PoissonNLLLoss",
}

ABSENT_LOSSES = {
    "nnc has no such loss; `nnc layers` lists those there are": (
        "CTCLoss CTC FocalLoss focal dice DiceLoss LogCosh log_cosh SquaredHinge "
        "HuberCrossentropy BinaryFocalCrossentropy CategoricalFocalCrossentropy "
        "MeanAbsolutePercentageError mape MeanSquaredLogarithmicError msle GaussianNLLLoss "
        "MultiLabelMarginLoss MultiLabelSoftMarginLoss SoftMarginLoss InfogainLoss tversky "
        "wasserstein quantile pinball"
    ),
    "nnc has no loss that compares two outputs": (
        "CosineSimilarity CosineEmbeddingLoss cosine cosine_loss TripletMarginLoss triplet "
        "ContrastiveLoss contrastive MarginRankingLoss HingeEmbeddingLoss info_nce"
    ),
    "the root of it is a metric: `loss mse; metric rmse`": "rmse root_mean_squared_error",
    "a metric is no loss; classes are trained with `loss crossentropy`": (
        "accuracy f1 precision recall"
    ),
}

OPTIMIZERS = {
    "sgd": "SGD gradient_descent GradientDescentOptimizer vanilla_sgd gd",
    "sgd momentum=0.9": "~Momentum ~MomentumOptimizer ~sgdm ~heavy_ball",
    "sgd momentum=0.9 nesterov=true": "~Nesterov ~nag",
    "adam": "Adam AdamOptimizer",
    "adam amsgrad=true": "AMSGrad",
    "adamw": "AdamW AdamWeightDecay adam_w",
    "nadam": "NAdam",
    "rmsprop": "RMSprop RMSPropOptimizer",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "lion": "Lion",
    "lstsq": "least_squares ols linear_least_squares normal_equation",
}

ABSENT_OPTIMIZERS = {
    "nnc has no such optimizer; `nnc layers` lists those there are": (
        "Adamax Ftrl ASGD RAdam Rprop Adafactor Lamb LARS Lookahead Ranger SparseAdam AdaBelief "
        "Yogi Muon Shampoo sophia"
    ),
    "nnc has no second-order or line-search optimizer; a model linear in its parameters is solved "
    "by `lstsq`": "LBFGS newton conjugate_gradient levenberg_marquardt gauss_newton",
}

SCHEDULES = {
    "constant": "fixed ConstantSchedule",
    "step": "~StepLR ~step_lr ~staircase ~step_decay",
    "multistep": "~MultiStepLR multi_step milestones",
    "exponential": "~ExponentialLR exp ~ExponentialDecay",
    "cosine": "~CosineAnnealingLR ~CosineAnnealing CosineDecay ~cosine_lr cosine_schedule",
    "linear": "~PolynomialDecay ~PolynomialLR ~poly ~polynomial linear_decay linear_schedule",
    "onecycle": "~OneCycleLR ~OneCycle ~one_cycle_lr",
}

ABSENT_SCHEDULES = {
    "nnc has no list of rates; `multistep milestones=[…] gamma=…` multiplies the rate at the steps "
    "of a list": "PiecewiseConstantDecay PiecewiseConstant piecewise",
    "a rising rate is `warmup=` of any schedule (`constant warmup=500`), a falling one is `linear "
    "steps=…`": "LinearLR LinearWarmup warmup WarmupSchedule",
    "nnc has no schedule that looks at the loss": "ReduceLROnPlateau plateau reduce_on_plateau",
    "nnc has no schedule that begins again or swings; `cosine` and `onecycle` do it once": (
        "CosineAnnealingWarmRestarts CosineDecayRestarts SGDR CyclicLR cyclic triangular"
    ),
    "nnc has no such schedule; `nnc layers` lists those there are": (
        "LambdaLR MultiplicativeLR LearningRateScheduler InverseTimeDecay inv inverse_sqrt Noam "
        "noam_lr ConstantLR sigmoid ChainedScheduler SequentialLR SWALR rsqrt"
    ),
}

METRICS = {
    "accuracy": (
        "acc CategoricalAccuracy SparseCategoricalAccuracy BinaryAccuracy accuracy_score "
        "multiclass_accuracy"
    ),
    "top_k": (
        "TopKCategoricalAccuracy SparseTopKCategoricalAccuracy topk top_k_accuracy "
        "top_k_accuracy_score top5_accuracy top5 top_5_accuracy"
    ),
    "top_k(1)": "top1 top1_accuracy",
    "top_k(3)": "top3 top3_accuracy",
    "mae": "MeanAbsoluteError l1 mean_absolute_err absolute_error",
    "rmse": "RootMeanSquaredError root_mean_squared_err",
    "r2": "R2Score r_squared coefficient_of_determination rsquared",
    "precision": "precision_score ppv positive_predictive_value",
    "recall": "recall_score sensitivity true_positive_rate tpr",
    "f1": "F1Score f_score f1_measure f_measure",
    "confusion": "ConfusionMatrix",
}

ABSENT_METRICS = {
    "`rmse` is its root; `loss mse` is reported as the loss": "mse mean_squared_error MSE l2",
    "training reports the loss without being asked": (
        "loss crossentropy cross_entropy categorical_crossentropy bce hinge kl"
    ),
    "nnc has no such metric; `nnc layers` and docs/training.md list what there is": (
        "auc roc roc_auc AUCScore pr_auc average_precision MeanIoU iou jaccard dice bleu rouge "
        "perplexity specificity kappa cohen_kappa matthews matthews_corrcoef balanced_accuracy "
        "log_loss mape mean_absolute_percentage_error fbeta f2 CosineSimilarity hamming "
        "explained_variance"
    ),
}

INITS = {
    "he": "kaiming_normal kaiming_normal_ msra ~he_normal ~he_uniform ~kaiming_uniform",
    "xavier": (
        "glorot_uniform xavier_uniform xavier_uniform_ ~glorot_normal ~xavier_normal "
        "~xavier_normal_"
    ),
    "lecun": "~lecun_normal ~lecun_uniform",
    "normal": "normal_",
    "normal(0.05)": "RandomNormal ~TruncatedNormal",
    "normal(0.01)": "~gaussian",
    "normal(1)": "randn",
    "~normal(0.02)": "trunc_normal trunc_normal_",
    "uniform": "uniform_",
    "uniform(0.05)": "RandomUniform",
    "orthogonal": "orthogonal_ Orthogonal OrthogonalInitializer",
    "constant": "constant_ Constant fill",
    "zeros": "zeros_ zero Zeros",
    "ones": "ones_ one Ones",
}

ABSENT_INITS = {
    "nnc has no such initialisation; those there are draw every weight by itself, or are constant": (
        "identity eye eye_ dirac dirac_ sparse sparse_ VarianceScaling bilinear "
        "positive_unitball"
    ),
}

CHOICES = {
    "same": "same_upper same_padding",
    "valid": "notset no_padding",
    "mean": "sum_over_batch_size elementwise_mean",
    "batchmean": "batch_mean",
    "true": "yes on",
    "false": "no off",
    "float32": "float fp32 single f32",
    "float64": "double fp64 f64",
    "last": "final",
    "all": "sequences sequence",
    "balanced": "auto",
    "int": "integer integers int32 int64 long ids tokens",
    "ragged": "padded variable varlen",
}

ABSENT_CHOICES = {
    "weights of rows are a setting of training: `train weights=rows`": "rows",
    "weights of classes belong to the loss: `loss crossentropy weights=balanced`": "balanced",
    "nnc has float32 and float64": "float16 half fp16 bfloat16 bf16 int8 mixed_float16",
    "the odd cell is padded at the end; say in numbers how much is wanted: `pad=1`": (
        "same_lower full"
    ),
    "only `conv` and `depthwise` pad causally, on CxL": "causal",
}
