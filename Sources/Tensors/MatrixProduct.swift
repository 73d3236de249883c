import COneDNN

/// Products of matrices that are no layer of a network.
package enum MatrixProduct {
  /// Inner products of all rows of one matrix with all rows of another, on the calling thread's team.
  ///
  /// - Parameters:
  ///   - rows: `[m, width]`.
  ///   - others: `[n, width]`.
  ///   - result: `[m, n]`, row-major.
  /// - Throws: `EngineError.operationFailed`.
  package static func ofRows(
    _ rows: UnsafePointer<Float>, _ m: Int, _ others: UnsafePointer<Float>, _ n: Int, width: Int,
    into result: UnsafeMutablePointer<Float>
  ) throws(EngineError) {
    let (plain, transposed) = (CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "T")))
    try check(
      dnnl_sgemm(
        plain, transposed, dnnl_dim_t(m), dnnl_dim_t(n), dnnl_dim_t(width), 1, rows, dnnl_dim_t(width),
        others, dnnl_dim_t(width), 0, result, dnnl_dim_t(n)), "matrix product")
  }
}
