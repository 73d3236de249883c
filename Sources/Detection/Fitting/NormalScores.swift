/// A score as the standard normal one that as large a share of the population lies below.
package struct NormalScores: Sendable, Equatable {
  /// Scores, ascending, at normal scores evenly from -`reach` to `reach`.
  private let knots: [Double]
  private let reach: Double

  private static let knotCount = 21
  /// The farthest knots: what one image in 160 exceeds. Farther out it goes on as straight as between there and the outer quarter of
  /// the knots.
  private static let farthest = 2.5
  /// They count no further.
  private static let most = 1e4

  /// - Parameter scores: of images of the population.
  init(fitting scores: [Double]) {
    let sorted = scores.sorted()
    reach = Double(
      Float(min(Self.farthest, -Normal.quantile(0.5 / Double(max(sorted.count, 2))))))
    var knots: [Double] = []
    for k in 0..<Self.knotCount {
      let share = Normal.below(reach * (2 * Double(k) / Double(Self.knotCount - 1) - 1))
      var value = sorted.isEmpty ? Double(k) : Quantile.of(sorted, share)
      // Scores that are all the same still have places in an order.
      if let last = knots.last { value = max(value, last + max(abs(last) * 1e-6, 1e-9)) }
      knots.append(Double(Float(value)))
    }
    self.knots = knots
  }

  /// Not a number for what is none.
  func callAsFunction(_ score: Double) -> Double {
    guard !score.isNaN else { return .nan }
    let last = Self.knotCount - 1
    let step = 2 * reach / Double(last)
    let outer = Self.knotCount / 4
    let z: Double
    if score >= knots[last] {
      z = reach + (score - knots[last]) * Double(outer) * step / (knots[last] - knots[last - outer])
    } else if score <= knots[0] {
      z = -reach + (score - knots[0]) * Double(outer) * step / (knots[outer] - knots[0])
    } else {
      let above = knots.firstIndex { $0 > score } ?? last
      z =
        -reach + (Double(above - 1) + (score - knots[above - 1]) / (knots[above] - knots[above - 1])) * step
    }
    return min(max(z, -Self.most), Self.most)
  }

  // MARK: As a file keeps it

  static let size = knotCount + 1

  var tensor: [Double] { knots + [reach] }

  /// - Parameter tensor: `size` values.
  init(tensor: ArraySlice<Double>) {
    knots = Array(tensor.dropLast())
    reach = tensor.last ?? 0
  }

  /// Whether it can judge: a tensor of a file may hold anything.
  var isRegular: Bool { reach > 0 && zip(knots, knots.dropFirst()).allSatisfy { $0 < $1 } }
}
