# All stages in one job.


rule run:
    input:
        counts=INPUTS,
    output:
        **(
            {"reconstruction": directory(f"{OUT}/reconstruction")}
            if config["reconstruction"]
            else {}
        ),
        **({"refined": f"{OUT}/refined.parquet"} if REFINED else {}),
        **(
            {"check": f"{OUT}/check.json", "checked": f"{OUT}/check.parquet"}
            if config["check"]
            else {}
        ),
        latent=f"{OUT}/latent.parquet",
        genes=f"{OUT}/genes.parquet",
        history=f"{OUT}/history.parquet",
        model=directory(f"{OUT}/model"),
        report=f"{OUT}/report.html",
        multiqc=f"{OUT}/cellvi_mqc.json",
        multiqc_table=f"{OUT}/cellvi_table_mqc.json",
        record=f"{OUT}/run.json",
    log:
        f"{OUT}/logs/run.log",
    retries: config["retries"]
    threads: config["threads"]
    resources:
        mem_mb=MEM_MB,
    params:
        checkpoint_dir=f"{OUT}/checkpoint",
        extra=options(
            *["ingest", "join", "prepare", "train", "embed", "reconstruct"],
            title=config["title"],
            **SHARED,
        ),
    wrapper:
        f"{WRAPPERS}/run"
