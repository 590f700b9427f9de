"""Every key of PySOT's and DROL's configuration files, by what `pysot_yaml` does with it."""

from typing import Any

MOVES: dict[str, tuple[str, Any]] = {
    "ANCHOR.RATIOS": ("model.anchor_ratios", [0.33, 0.5, 1, 2, 3]),
    "ANCHOR.SCALES": ("model.anchor_scales", [8]),
    "ANCHOR.STRIDE": ("search.stride", 8),
    "TRACK.EXEMPLAR_SIZE": ("search.exemplar_size", 127),
    "TRACK.INSTANCE_SIZE": ("search.instance_size", 255),
    "TRACK.BASE_SIZE": ("search.base_size", 8),
    "TRACK.CONTEXT_AMOUNT": ("search.context_amount", 0.5),
    "TRACK.SCALE_STEP": ("search.scale_step", 1.0375),
    "TRACK.RESPONSE_UP_STRIDE": ("search.response_upsampling", 16),
    "TRACK.USE_CLASSIFIER": ("online.enabled", False),
    "TRACK.COMPRESSED_DIM": ("online.channels", 64),
    "TRACK.SAMPLE_MEMORY_SIZE": ("online.memory_size", 250),
    "TRACK.AUGMENTATION_FLIPLR": ("online.flip", True),
    "TRACK.RANDOM_SHIFT_FACTOR": ("online.random_shift", 1 / 3),
    "TRACK.INIT_GN_ITER": ("online.gauss_newton_rounds", 6),
    "TRACK.CG_ITER": ("online.refit_iterations", 5),
    "TRACK.HARD_NEGATIVE_CG_ITER": ("online.hard_negative_iterations", 5),
    "TRACK.SHORT_TERM_DRIFT": ("online.short_term_drift", False),
    "TRACK.SEED": ("seed", 12345),
    "TRACK.PENALTY_K": ("hyper.penalty_k", 0.04),
    "TRACK.WINDOW_INFLUENCE": ("hyper.window_influence", 0.44),
    "TRACK.LR": ("hyper.size_lr", 0.4),
    "TRACK.COEE_CLASS": ("hyper.fusion", 0.8),
    "TRACK.TARGET_NOT_FOUND_THRESHOLD": ("hyper.not_found", 0.25),
    "TRACK.DISTRACTOR_THRESHOLD": ("hyper.distractor", 0.8),
    "TRACK.HARD_NEGATIVE_THRESHOLD": ("hyper.hard_negative", 0.5),
    "TRACK.TARGET_NEIGHBORHOOD_SCALE": ("hyper.neighbourhood", 2.2),
    "TRACK.DISPLACEMENT_SCALE": ("hyper.displacement", 0.8),
    "TRACK.LEARNING_RATE": ("hyper.learning_rate", 0.01),
    "TRACK.HARD_NEGATIVE_LEARNING_RATE": ("hyper.hard_negative_learning_rate", 0.02),
    "TRACK.INIT_SAMPLES_MINIMUM_WEIGHT": ("hyper.first_samples_weight", 0.25),
    "TRACK.OUTPUT_SIGMA_FACTOR": ("hyper.label_sigma", 0.25),
    "TRACK.FILTER_REG": ("hyper.filter_reg", 0.1),
    "TRACK.PROJECTION_REG": ("hyper.projection_reg", 1e-4),
    "TRACK.TRAIN_SKIPPING": ("hyper.refit_interval", 10),
    "TRACK.TARGET_UPDATE_THRESHOLD": ("hyper.template_threshold", 0.75),
    "TRACK.TARGET_UPDATE_SKIPPING": ("hyper.template_interval", 5),
    "TRACK.TAU_REGRESSION": ("hyper.tau_regression", 0.6),
    "TRACK.TAU_CLASSIFICATION": ("hyper.tau_classification", 0.5),
    "TRACK.LOST_INSTANCE_SIZE": ("long_term.lost_instance_size", 831),
    "TRACK.CONFIDENCE_LOW": ("hyper.confidence_low", 0.85),
    "TRACK.CONFIDENCE_HIGH": ("hyper.confidence_high", 0.998),
    "TRACK.MASK_THERSHOLD": ("hyper.mask_threshold", 0.3),
}
"""Keys whose value moves over as it is: PySOT's key -> (our path, PySOT's default)."""

LISTS: dict[str, tuple[str, Any]] = {
    "TRACK.AUGMENTATION_ROTATE": ("online.rotations", [5, -5, 10, -10, 20, -20, 30, -30, 45, -45, -60, 60]),
    "TRACK.AUGMENTATION_BLUR": ("online.blurs", [[2, 0.2], [0.2, 2], [3, 1], [1, 3], [2, 2]]),
    "TRACK.AUGMENTATION_RELATIVESHIFT": (
        "online.translations",
        [[0.6, 0.6], [-0.6, 0.6], [0.6, -0.6], [-0.6, -0.6]],
    ),
}
"""The same for lists, where PySOT's False means none."""

FIXED: dict[str, tuple[Any, ...]] = {
    "TRACK.ADVANCED_LOCALIZATION": (True,),
    "TRACK.ATT_ACTIVATION": ("relu",),
    "TRACK.AUGMENTATION_EXPANSION_FACTOR": (2,),
    "TRACK.AUGMENTATION_SCALE": (False, None, []),
    "TRACK.AUGMENTATION_SHIFT": (False, None, []),
    "TRACK.CG_FORGETTING_RATE": (False,),
    "TRACK.FILTER_INIT_METHOD": ("randn",),
    "TRACK.FLETCHER_REEVES": (False,),
    "TRACK.MASK_OUTPUT_SIZE": (127,),
    "TRACK.OPTIMIZER": ("GaussNewtonCG",),
    "TRACK.POST_INIT_CG_ITER": (0,),
    "TRACK.PROJECTION_ACTIVATION": ("none",),
    "TRACK.PROJ_INIT_METHOD": ("randn",),
    "TRACK.RESPONSE_ACTIVATION": (["mlu", 0.05],),
    "TRACK.SCALE_NUM": (3,),
    "TRACK.STANDARD_ALPHA": (True,),
    "TRACK.UPDATE_PROJECTION_MATRIX": (True,),
    "TRACK.USE_AUGMENTATION": (True,),
    "TRACK.USE_PROJECTION_MATRIX": (True,),
}
"""Keys that a tracker reads, with the values that we honour; the first is PySOT's default."""

OTHER_DEFAULTS: dict[str, Any] = {
    "ADJUST.ADJUST": True,
    "ADJUST.FUSE": "avg",
    "ADJUST.KWARGS": {},
    "ADJUST.LAYER": 1,
    "ADJUST.TYPE": "AdjustAllLayer",
    "ANCHOR.ANCHOR_NUM": None,
    "BACKBONE.KWARGS": {},
    "BACKBONE.TYPE": "res50",
    "MASK.KWARGS": {},
    "MASK.MASK": False,
    "MASK.TYPE": "MaskCorr",
    "REFINE.REFINE": False,
    "REFINE.TYPE": "Refine",
    "RPN.KWARGS": {},
    "RPN.RPN": True,
    "RPN.TYPE": "MultiRPN",
    "TRACK.AUGMENTATION_DROUPOUT": [7, 0.2],
    "TRACK.CHANNEL_ATTENTION": False,
    "TRACK.INIT_CG_ITER": 60,
    "TRACK.KERNEL_SIZE": [4, 4],
    "TRACK.SPATIAL_ATTENTION": "none",
    "TRACK.TEMPLATE_UPDATE": False,
    "TRACK.TOTAL_STRIDE": 8,
    "TRACK.TYPE": "SiamRPNTracker",
    "TRACK.USE_ATTENTION_LAYER": False,
}
"""Keys that are read together with others by `pysot_yaml`'s functions."""

INERT_SECTIONS = ("TRAIN", "DATASET")
INERT = (
    *("META_ARC", "CUDA", "PRETRAINED", "BACKBONE.PRETRAINED", "BACKBONE.TRAIN_LAYERS", "BACKBONE.LAYERS_LR"),
    *("BACKBONE.TRAIN_EPOCH",),
    # Older spellings that PySOT's long-term configuration still carries beside the ones that are read.
    *("BACKBONE.CHANNELS", "ADJUST.ADJUST_CHANNEL", "RPN.WEIGHTED"),
    *("TRACK.VISUALIZE_CLASS", "TRACK.DEBUG_CLASS", "TRACK.ANALYZE_CONVERGENCE"),
    *("TRACK.ATT_FC1_REG", "TRACK.ATT_FC2_REG", "TRACK.ATT_INIT_METHOD", "TRACK.CG_OPTIMIZER"),
    *("TRACK.OPTIMIZER_STEP_LENGTH", "TRACK.OPTIMIZER_MOMENTUM"),
)
"""Keys that no tracker here reads. TRACK.ATT_*_REG too: the code takes PROJECTION_REG in their place."""

KEYS = {**OTHER_DEFAULTS, **MOVES, **LISTS, **FIXED, **dict.fromkeys(INERT)}
SECTIONS = {key.split(".")[0] for key in KEYS} | set(INERT_SECTIONS)
