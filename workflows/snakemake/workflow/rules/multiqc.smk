rule multiqc:
    input:
        f"{OUT}/cellvi_mqc.json",
        f"{OUT}/cellvi_table_mqc.json",
    output:
        report=f"{OUT}/multiqc.html",
        data=directory(f"{OUT}/multiqc_data"),
    log:
        f"{OUT}/logs/multiqc.log",
    conda:
        "../envs/multiqc.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        outdir=lambda wildcards, output: Path(output.report).parent,
    shell:
        "multiqc --strict --force --outdir {params.outdir:q} --filename multiqc.html"
        " {input:q} > {log:q} 2>&1"
