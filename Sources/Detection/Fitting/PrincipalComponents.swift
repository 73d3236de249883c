import Foundation
import Tensors

/// The directions in which a population's features vary most, and one variance for all that is left: the Gaussian of
/// probabilistic principal components (Tipping and Bishop 1999). On pixels, what a network's statistics have to beat.
package struct PrincipalComponents: RowScorer, Equatable {
  package let mean: [Float]
  /// Orthonormal, a direction a row, by variance: `[components, columns]`.
  package let axes: [Float]
  /// Along each direction, descending.
  package let variances: [Float]
  /// Of each of the directions that are left.
  package let rest: Float

  /// Least variance of any direction, as a share of the mean one: rounding leaves as much.
  private static let least = 1e-6
  /// Directions that are followed beside those wanted: the last of those wanted would settle slowly without.
  private static let spare = 8
  /// Products with the covariances: from nothing, and from another fold's directions.
  private static let iterations = (cold: 6, warm: 2)

  /// - Parameters:
  ///   - rows: nil for all. Their values are finite.
  ///   - count: directions wanted; at most half as many as there are rows, and fewer than columns.
  ///   - start: components of nearly the same rows, to start from.
  package init(
    fitting table: FeatureTable, rows: [Int]? = nil, count: Int, near start: PrincipalComponents? = nil
  ) {
    let rows = rows ?? Array(0..<table.rows)
    var moments = Moments(origin: Moments.origin(table, rows))
    moments.add(table, rows)
    self.init(fitting: moments, count: count, near: start)
  }

  /// - Parameters:
  ///   - count: directions wanted; at most half as many as there are rows, and fewer than columns.
  ///   - near: components of nearly the same rows, to start from.
  package init(fitting moments: Moments, count: Int, near start: PrincipalComponents? = nil) {
    let width = moments.columns
    let covariances = Self.mirrored(moments.covariances(), width)
    let total = (0..<width).reduce(0.0) { $0 + Double(covariances[$1 * width + $1]) }
    let floor = max(Self.least * total / Double(width), 1e-12)
    let wanted = max(0, min(count, moments.count / 2, width - 1))
    var subspace = Subspace(width: width, count: min(wanted + Self.spare, width), start: start?.axes ?? [])
    subspace.settle(covariances, iterations: start == nil ? Self.iterations.cold : Self.iterations.warm)
    let found = subspace.directions(covariances)
    mean = moments.mean.map { Float($0) }
    axes = Array(found.axes.prefix(wanted * width))
    variances = found.variances.prefix(wanted).map { max($0, Float(floor)) }
    let inside = variances.reduce(0.0) { $0 + Double($1) }
    rest = Float(max((total - inside) / Double(width - wanted), floor))
  }

  init(mean: [Float], axes: [Float], variances: [Float], rest: Float) {
    self.mean = mean
    self.axes = axes
    self.variances = variances
    self.rest = rest
  }

  private static func mirrored(_ upper: [Double], _ width: Int) -> [Float] {
    var full = upper.map { Float($0) }
    for i in 0..<width { for j in 0..<i { full[i * width + j] = full[j * width + i] } }
    return full
  }

  /// Squared lengths: along the directions, in units of their variances; and of what they leave, as it is.
  package func lengths(_ row: ArraySlice<Float>) -> (inside: Double, outside: Double) {
    let width = mean.count
    precondition(row.count == width)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { x in
      var length: Float = 0
      for (k, value) in row.enumerated() {
        x[k] = value - mean[k]
        length += x[k] * x[k]
      }
      var (inside, captured) = (0.0, 0.0)
      axes.withUnsafeBufferPointer { axes in
        for k in variances.indices {
          let along = Double(Subspace.dot(axes.baseAddress! + k * width, x.baseAddress!, width))
          captured += along * along
          inside += along * along / Double(variances[k])
        }
      }
      return (inside, length.isNaN ? .nan : max(Double(length) - captured, 0))
    }
  }

  /// Along each direction.
  package func coordinates(_ row: ArraySlice<Float>) -> [Float] {
    let width = mean.count
    precondition(row.count == width)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { x in
      for (k, value) in row.enumerated() { x[k] = value - mean[k] }
      return axes.withUnsafeBufferPointer { axes in
        variances.indices.map { Subspace.dot(axes.baseAddress! + $0 * width, x.baseAddress!, width) }
      }
    }
  }

  /// Surprise in bits a feature.
  package func score(_ row: ArraySlice<Float>) -> Double {
    let (inside, outside) = lengths(row)
    let width = Double(mean.count)
    let left = width - Double(variances.count)
    let volume = variances.reduce(left * log(Double(rest))) { $0 + log(Double($1)) }
    let nats = 0.5 * (inside + outside / Double(rest) + volume + width * log(2 * Double.pi))
    return nats / (width * log(2))
  }

  /// Natural logarithm of the mean square of what the directions leave.
  package func residual(_ row: ArraySlice<Float>) -> Double {
    log(lengths(row).outside / Double(mean.count - variances.count) + Double(rest) * 1e-6)
  }

  package var tensors: [String: [Double]] {
    [
      "mean": mean.map(Double.init), "axes": axes.map(Double.init),
      "variances": variances.map(Double.init), "rest": [Double(rest)],
    ]
  }

  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  package init(columns: Int, tensor: (String, Int?) throws -> [Double]) throws {
    let variances = try tensor("variances", nil).map { Float($0) }
    guard variances.count < columns else {
      throw CalibrationError.unsuitable("\(variances.count) principal components of \(columns) features")
    }
    self.init(
      mean: try tensor("mean", columns).map { Float($0) },
      axes: try tensor("axes", columns * variances.count).map { Float($0) },
      variances: variances, rest: Float(try tensor("rest", 1)[0]))
  }

  /// Whether it can judge: tensors of a file may hold anything.
  package var isRegular: Bool { rest > 0 && variances.allSatisfy { $0 > 0 } }

  /// The components of each part's others.
  /// - Parameter kept: rows to fit on; their values are finite.
  package static func crossFitted(
    _ table: FeatureTable, by split: CrossFit, fittingOn kept: [Bool], count: Int,
    score: @Sendable (PrincipalComponents, ArraySlice<Float>) -> Double = { $0.score($1) }
  ) -> [Double] {
    let (each, total) = split.moments(table, fittingOn: kept)
    let whole = PrincipalComponents(fitting: total, count: count)
    return split.perFold { part, rows in
      var others = total
      others -= each[part]
      let fitted = PrincipalComponents(fitting: others, count: count, near: whole)
      return rows.map { score(fitted, table[$0]) }
    }
  }
}

/// Directions that turn towards those of most variance with every product with the covariances (subspace iteration: Golub
/// and Van Loan, Matrix Computations, section 8.2).
private struct Subspace {
  let width: Int
  let count: Int
  /// A direction a row, `[count, width]`.
  private var rows: [Float]

  init(width: Int, count: Int, start: [Float]) {
    self.width = width
    self.count = count
    var random = RandomSource(seed: 0x5043_4131)
    rows = Array(start.prefix(count * width))
    rows += random.normal(count * width - rows.count)
    orthonormalise()
  }

  mutating func settle(_ covariances: [Float], iterations: Int) {
    for _ in 0..<iterations {
      rows = times(covariances)
      orthonormalise()
    }
  }

  /// Each direction times the covariances.
  private func times(_ covariances: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: count * width) { result, filled in
      rows.withUnsafeBufferPointer { rows in
        covariances.withUnsafeBufferPointer { covariances in
          for k in 0..<count {
            let target = result.baseAddress! + k * width
            for i in 0..<width { target[i] = 0 }
            for j in stride(from: 0, to: width, by: 4) {
              Self.addRows(
                covariances.baseAddress! + j * width, rows.baseAddress! + k * width + j, min(4, width - j),
                width,
                to: target)
            }
          }
        }
      }
      filled = count * width
    }
  }

  private static func addRows(
    _ source: UnsafePointer<Float>, _ factors: UnsafePointer<Float>, _ count: Int, _ width: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    guard count == 4 else {
      for k in 0..<count { for i in 0..<width { target[i] += factors[k] * source[k * width + i] } }
      return
    }
    let (a, b, c, d) = (factors[0], factors[1], factors[2], factors[3])
    for i in 0..<width {
      target[i] +=
        a * source[i] + b * source[width + i] + c * source[2 * width + i] + d * source[3 * width + i]
    }
  }

  /// Gram and Schmidt's, twice, for what rounding leaves the first time. A direction that is the others' already is drawn
  /// anew by what is left of rounding, and harmless.
  private mutating func orthonormalise() {
    rows.withUnsafeMutableBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for k in 0..<count {
        let own = base + k * width
        for _ in 0..<2 {
          for other in 0..<k {
            let along = Self.dot(base + other * width, own, width)
            for i in 0..<width { own[i] -= along * base[other * width + i] }
          }
          let length = max(Self.dot(own, own, width).squareRoot(), 1e-30)
          for i in 0..<width { own[i] /= length }
        }
      }
    }
  }

  /// Directions by variance and their variances (Rayleigh and Ritz).
  func directions(_ covariances: [Float]) -> (axes: [Float], variances: [Float]) {
    let products = times(covariances)
    var small = [Double](repeating: 0, count: count * count)
    rows.withUnsafeBufferPointer { rows in
      products.withUnsafeBufferPointer { products in
        for a in 0..<count {
          for b in 0...a {
            let value = Double(
              Self.dot(rows.baseAddress! + a * width, products.baseAddress! + b * width, width))
            small[a * count + b] = value
            small[b * count + a] = value
          }
        }
      }
    }
    let (values, vectors) = SymmetricInverse.eigen(small, count)
    let order = values.indices.sorted { values[$0] > values[$1] }
    var axes = [Float](repeating: 0, count: count * width)
    for (place, k) in order.enumerated() {
      for a in 0..<count {
        let factor = Float(vectors[a * count + k])
        for i in 0..<width { axes[place * width + i] += factor * rows[a * width + i] }
      }
    }
    return (axes, order.map { Float(values[$0]) })
  }

  static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = SIMD8<Float>.zero
    var i = 0
    while i + 8 <= count {
      let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Float>.self)
      let y = UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Float>.self)
      sums += x * y
      i += 8
    }
    var sum = sums.sum()
    while i < count {
      sum += a[i] * b[i]
      i += 1
    }
    return sum
  }
}
