// Package results is the Parquet that users read and later stages read back:
// latent, reconstruction, genes, cells, history.
//
// Data in: plain columns, row group by row group. Data out: one Parquet file,
// zstd, no nulls (a missing float is NaN), with the schema metadata that makes
// pandas take the named column as its index:
// pd.read_parquet(f).reindex(adata.obs_names) works, and polars reads numbers.
// Read also takes what pandas and polars wrote. The same columns and row groups
// give the same bytes. stages may import it; it imports io/counts alone.
package results
