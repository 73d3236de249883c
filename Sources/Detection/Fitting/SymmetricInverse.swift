/// Inverses of small symmetric matrices whose eigenvalues are made positive first.
enum SymmetricInverse {
  /// By Jacobi's rotations.
  /// - Parameter least: eigenvalues below it are taken to be it.
  static func of(_ matrix: [Double], _ n: Int, least: Double) -> [Double] {
    let (values, vectors) = eigen(matrix, n)
    var result = [Double](repeating: 0, count: n * n)
    for k in 0..<n {
      let scale = 1 / max(values[k], least)
      for i in 0..<n {
        for j in 0..<n { result[i * n + j] += vectors[i * n + k] * vectors[j * n + k] * scale }
      }
    }
    return result
  }

  /// Eigenvalues, and eigenvectors in columns.
  static func eigen(_ matrix: [Double], _ n: Int) -> (values: [Double], vectors: [Double]) {
    var a = matrix
    var v = [Double](repeating: 0, count: n * n)
    for i in 0..<n { v[i * n + i] = 1 }
    for _ in 0..<30 {
      var off = 0.0
      for i in 0..<n { for j in 0..<i { off += a[i * n + j] * a[i * n + j] } }
      if off < 1e-16 * (0..<n).reduce(1e-300, { $0 + a[$1 * n + $1] * a[$1 * n + $1] }) { break }
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) where a[p * n + q] != 0 {
          let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n {
            let (x, y) = (a[k * n + p], a[k * n + q])
            a[k * n + p] = c * x - s * y
            a[k * n + q] = s * x + c * y
          }
          for k in 0..<n {
            let (x, y) = (a[p * n + k], a[q * n + k])
            a[p * n + k] = c * x - s * y
            a[q * n + k] = s * x + c * y
          }
          for k in 0..<n {
            let (x, y) = (v[k * n + p], v[k * n + q])
            v[k * n + p] = c * x - s * y
            v[k * n + q] = s * x + c * y
          }
        }
      }
    }
    return ((0..<n).map { a[$0 * n + $0] }, v)
  }
}
