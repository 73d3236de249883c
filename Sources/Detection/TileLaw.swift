import Foundation

/// How odd a tile's score is among the population's tiles, and what the scores of all its tiles make of an image.
///
/// Each tile's score becomes a p-value among those of other images' tiles, by the fitted tail beyond nine tenths of them (`TailFit`), so that
/// what is odder than all is told apart too. The image's p-values are joined by Simes' inequality, min over k of m p(k) / k for m tiles:
/// one tile that is very odd counts as it would by Bonferroni's, many that are somewhat odd count together, and it holds where tiles
/// go together, as those that overlap do (Sarkar 1998). The image's score is minus its logarithm. It is no verdict yet: that comes of the
/// scores of whole images that fitted nothing.
package struct TileLaw: Sendable, Equatable {
  package let references: ReferenceScores

  /// Nil where there are next to no tiles, or they are alike.
  private let tail: TailFit?
  /// Excesses that its fit takes: fewer than where it is told as a probability, as here it only puts what is odder first.
  private static let leastExcesses = 5

  package init(_ references: ReferenceScores) {
    self.references = references
    tail = TailFit(references.sorted, least: Self.leastExcesses)
  }

  /// Minus the logarithm of a tile's p-value.
  package func surprise(_ score: Double) -> Double {
    guard !score.isNaN else { return .nan }
    guard let tail, score > tail.threshold else { return -log(references.pValue(score)) }
    return -tail.logProbability(above: score)
  }

  /// Of an image: minus the logarithm of its tiles' joint p-value; not a number where a tile's score is none.
  package func score(of tiles: [Double]) -> Double {
    let surprises = tiles.map(surprise)
    guard !surprises.contains(where: \.isNaN) else { return .nan }
    let count = Double(tiles.count)
    let joined = surprises.sorted(by: >).enumerated().map { $1 - log(count / Double($0 + 1)) }
    return joined.max() ?? .nan
  }
}
