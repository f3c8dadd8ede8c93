// Many files of counts to one embedding: read file by file, trained once, embedded and reconstructed part by part.
// The outputs have the bytes of CELLVI_RUN over the same files.

include { CELLVI_INGEST as CELLVI_INGEST_FILE ; CELLVI_INGEST as CELLVI_INGEST_JOIN } from '../../modules/cellvi/ingest/main'
include { CELLVI_PREPARE } from '../../modules/cellvi/prepare/main'
include { CELLVI_TRAIN } from '../../modules/cellvi/train/main'
include { CELLVI_EMBED } from '../../modules/cellvi/embed/main'
include { CELLVI_RECONSTRUCT } from '../../modules/cellvi/reconstruct/main'
include { CELLVI_GATHER } from '../../modules/cellvi/gather/main'
include { CELLVI_CHECK } from '../../modules/cellvi/check/main'
include { CELLVI_REPORT } from '../../modules/cellvi/report/main'

workflow CELLVI_SCATTER {
    take:
    ch_counts  // channel: [ val(meta), val(name), path(counts) ], a name for each file, the meta of the whole
    parts      // integer: into how many parts embedding and reconstruction are cut
    gene_notes // path: what ext.args of CELLVI_INGEST_FILE name (--var), or []
    cell_notes // path: what ext.args of CELLVI_INGEST_JOIN name (--obs), or []
    choices    // paths: what ext.args of CELLVI_PREPARE name (--genes, --split), or []
    wanted     // path: what ext.args of CELLVI_RECONSTRUCT name (--reconstruct-genes), or []
    check      // boolean: whether the posteriors are checked, for the report to show

    main:
    ch_versions = Channel.empty()

    // Each file is read by a task of its own, whose store's name becomes the level of the column `input`.
    CELLVI_INGEST_FILE(
        ch_counts.map { meta, name, counts -> [meta + [id: name, whole: meta], counts] },
        gene_notes,
    )
    ch_versions = ch_versions.mix(CELLVI_INGEST_FILE.out.versions.first())

    // Whichever task ended first, cells are joined in the order of the names.
    ch_stores = CELLVI_INGEST_FILE.out.store
        .map { meta, store -> [meta.whole, store] }
        .groupTuple(sort: { one, other -> one.name <=> other.name })
    CELLVI_INGEST_JOIN(ch_stores, cell_notes)
    ch_versions = ch_versions.mix(CELLVI_INGEST_JOIN.out.versions.first())

    CELLVI_PREPARE(CELLVI_INGEST_JOIN.out.store, choices)
    ch_versions = ch_versions.mix(CELLVI_PREPARE.out.versions.first())

    ch_cells = CELLVI_INGEST_JOIN.out.store.join(CELLVI_PREPARE.out.prepared)
    CELLVI_TRAIN(ch_cells, [])
    ch_versions = ch_versions.mix(CELLVI_TRAIN.out.versions.first())

    ch_work = ch_cells
        .join(CELLVI_TRAIN.out.model)
        .combine(Channel.fromList((1..parts).collect { part -> "${part}/${parts}".toString() }))
    CELLVI_EMBED(ch_work)
    CELLVI_RECONSTRUCT(ch_work, wanted)
    ch_versions = ch_versions.mix(CELLVI_EMBED.out.versions.first(), CELLVI_RECONSTRUCT.out.versions.first())

    // The order says nothing here, but a list in another order would be another task to -resume.
    ch_parts = CELLVI_EMBED.out.folder
        .mix(CELLVI_RECONSTRUCT.out.folder)
        .groupTuple(sort: { one, other -> one.toUriString() <=> other.toUriString() })
    CELLVI_GATHER(ch_parts)
    ch_versions = ch_versions.mix(CELLVI_GATHER.out.versions.first())

    ch_records = CELLVI_INGEST_JOIN.out.record
        .join(CELLVI_PREPARE.out.record)
        .join(CELLVI_TRAIN.out.record)
        .map { meta, ingest, prepare, train -> [meta, [ingest, prepare, train]] }
    ch_check = Channel.empty()
    ch_checked = Channel.empty()
    ch_told = ch_records.map { meta, records -> [meta, records, []] }
    if (check) {
        CELLVI_CHECK(ch_cells.join(CELLVI_TRAIN.out.model).join(CELLVI_TRAIN.out.history), [])
        ch_check = CELLVI_CHECK.out.check
        ch_checked = CELLVI_CHECK.out.checked
        ch_told = ch_records
            .join(CELLVI_CHECK.out.record)
            .map { meta, records, record -> [meta, records + [record]] }
            .join(ch_check)
        ch_versions = ch_versions.mix(CELLVI_CHECK.out.versions.first())
    }
    CELLVI_REPORT(
        CELLVI_PREPARE.out.prepared
            .join(CELLVI_TRAIN.out.model)
            .join(CELLVI_TRAIN.out.history)
            .join(CELLVI_GATHER.out.latent)
            .join(ch_told)
    )
    ch_versions = ch_versions.mix(CELLVI_REPORT.out.versions.first())

    emit:
    latent         = CELLVI_GATHER.out.latent         // channel: [ val(meta), path(latent.parquet) ]
    refined        = CELLVI_GATHER.out.refined        // channel: [ val(meta), path(refined.parquet) ], of --refine
    reconstruction = CELLVI_GATHER.out.reconstruction // channel: [ val(meta), path(reconstruction) ]
    model          = CELLVI_TRAIN.out.model           // channel: [ val(meta), path(model) ]
    history        = CELLVI_TRAIN.out.history         // channel: [ val(meta), path(history.parquet) ]
    genes          = CELLVI_TRAIN.out.genes           // channel: [ val(meta), path(genes.parquet) ]
    store          = CELLVI_INGEST_JOIN.out.store     // channel: [ val(meta), path(store) ]
    prepared       = CELLVI_PREPARE.out.prepared      // channel: [ val(meta), path(prepared) ]
    check          = ch_check                         // channel: [ val(meta), path(check.json) ]
    checked        = ch_checked                       // channel: [ val(meta), path(check.parquet) ]
    report         = CELLVI_REPORT.out.report         // channel: [ val(meta), path(report.html) ]
    multiqc        = CELLVI_REPORT.out.multiqc        // channel: [ val(meta), path(*_mqc.json) ]
    versions       = ch_versions                      // channel: [ path(versions.yml) ]
}
