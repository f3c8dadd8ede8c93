# A job for each file and each part, and one for each stage between.

FILES = dict(zip(sample_names(INPUTS), INPUTS))
PARTS = range(1, config["parts"] + 1)


rule ingest:
    input:
        counts=lambda wildcards: FILES[wildcards.name],
    output:
        store=temp(directory(f"{OUT}/ingest/{{name}}/store")),
    log:
        f"{OUT}/logs/ingest/{{name}}.log",
    threads: 1
    resources:
        mem_mb=MEM_MB,
    params:
        extra=options("ingest", **MEMORY),
    wrapper:
        f"{WRAPPERS}/ingest"


rule join:
    input:
        counts=expand(f"{OUT}/ingest/{{name}}/store", name=FILES),
    output:
        store=directory(f"{OUT}/store"),
        record=f"{OUT}/records/ingest.json",
    log:
        f"{OUT}/logs/join.log",
    threads: config["threads"]
    resources:
        mem_mb=MEM_MB,
    params:
        extra=options("join", **MEMORY),
    wrapper:
        f"{WRAPPERS}/ingest"


rule prepare:
    input:
        store=f"{OUT}/store",
    output:
        prepared=directory(f"{OUT}/prepared"),
        record=f"{OUT}/records/prepare.json",
    log:
        f"{OUT}/logs/prepare.log",
    threads: config["threads"]
    resources:
        mem_mb=MEM_MB,
    params:
        extra=options("prepare", **SHARED),
    wrapper:
        f"{WRAPPERS}/prepare"


rule train:
    input:
        store=f"{OUT}/store",
        prepared=f"{OUT}/prepared",
    output:
        model=directory(f"{OUT}/model"),
        history=f"{OUT}/history.parquet",
        genes=f"{OUT}/genes.parquet",
        record=f"{OUT}/records/train.json",
    log:
        f"{OUT}/logs/train.log",
    retries: config["retries"]
    threads: config["threads"]
    resources:
        mem_mb=MEM_MB,
    params:
        checkpoint_dir=f"{OUT}/checkpoint",
        extra=options("train", **SHARED),
    wrapper:
        f"{WRAPPERS}/train"


rule embed:
    input:
        store=f"{OUT}/store",
        prepared=f"{OUT}/prepared",
        model=f"{OUT}/model",
    output:
        **(
            {"refined": temp(f"{OUT}/parts/{{part}}/refined.parquet")}
            if REFINED
            else {}
        ),
        latent=temp(f"{OUT}/parts/{{part}}/latent.parquet"),
    log:
        f"{OUT}/logs/embed/{{part}}.log",
    threads: 1
    resources:
        mem_mb=MEM_MB,
    params:
        part=lambda wildcards: f"{wildcards.part}/{len(PARTS)}",
        extra=options("embed", seed=config["seed"], **MEMORY),
    wrapper:
        f"{WRAPPERS}/embed"


rule reconstruct:
    input:
        store=f"{OUT}/store",
        prepared=f"{OUT}/prepared",
        model=f"{OUT}/model",
    output:
        reconstruction=temp(directory(f"{OUT}/parts/{{part}}/reconstruction")),
    log:
        f"{OUT}/logs/reconstruct/{{part}}.log",
    threads: 1
    resources:
        mem_mb=MEM_MB,
    params:
        part=lambda wildcards: f"{wildcards.part}/{len(PARTS)}",
        extra=options("reconstruct", **MEMORY),
    wrapper:
        f"{WRAPPERS}/reconstruct"


rule gather_latent:
    input:
        **(
            {"refined": expand(f"{OUT}/parts/{{part}}/refined.parquet", part=PARTS)}
            if REFINED
            else {}
        ),
        latent=expand(f"{OUT}/parts/{{part}}/latent.parquet", part=PARTS),
    output:
        **({"refined": f"{OUT}/refined.parquet"} if REFINED else {}),
        latent=f"{OUT}/latent.parquet",
        record=f"{OUT}/records/embed.json",
    log:
        f"{OUT}/logs/gather_latent.log",
    threads: 1
    resources:
        mem_mb=MEM_MB,
    params:
        extra=options(**MEMORY),
    wrapper:
        f"{WRAPPERS}/gather"


rule gather_reconstruction:
    input:
        reconstruction=expand(f"{OUT}/parts/{{part}}/reconstruction", part=PARTS),
    output:
        reconstruction=directory(f"{OUT}/reconstruction"),
    log:
        f"{OUT}/logs/gather_reconstruction.log",
    threads: 1
    resources:
        mem_mb=MEM_MB,
    params:
        extra=options(**MEMORY),
    wrapper:
        f"{WRAPPERS}/gather"


rule check:
    input:
        store=f"{OUT}/store",
        prepared=f"{OUT}/prepared",
        model=f"{OUT}/model",
        history=f"{OUT}/history.parquet",
    output:
        check=f"{OUT}/check.json",
        checked=f"{OUT}/check.parquet",
        record=f"{OUT}/records/check.json",
    log:
        f"{OUT}/logs/check.log",
    threads: config["threads"]
    resources:
        mem_mb=MEM_MB,
    params:
        extra=options(seed=config["seed"], **FIT, **MEMORY),
    wrapper:
        f"{WRAPPERS}/check"


rule report:
    input:
        **({"check": f"{OUT}/check.json"} if config["check"] else {}),
        prepared=f"{OUT}/prepared",
        model=f"{OUT}/model",
        history=f"{OUT}/history.parquet",
        latent=f"{OUT}/latent.parquet",
        records=expand(
            f"{OUT}/records/{{stage}}.json",
            stage=["ingest", "prepare", "train", "embed"]
            + (["check"] if config["check"] else []),
        ),
    output:
        report=f"{OUT}/report.html",
        multiqc=f"{OUT}/cellvi_mqc.json",
        multiqc_table=f"{OUT}/cellvi_table_mqc.json",
    log:
        f"{OUT}/logs/report.log",
    threads: 1
    resources:
        mem_mb=MEM_MB,
    params:
        extra=options(title=config["title"], **MEMORY),
    wrapper:
        f"{WRAPPERS}/report"
