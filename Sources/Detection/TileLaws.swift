import Foundation

/// What a calibration knows of tiles, where images are judged by them, and of the same images shrunk to a tile: what is small stands out
/// among tiles, what is large in the whole.
package struct TileLaws: Sendable {
  package let laws: [StatisticName: TileLaw]
  /// Judges images shrunk to a tile; its references are their scores. In a list, as no value holds one of its own kind.
  private let wholes: [Calibration]
  /// Bits per dimension of the whole images that are references, ascending; empty where they were only looked at.
  package let bits: [Double]

  package init(_ laws: [StatisticName: TileLaw], whole: Calibration, bits: [Double] = []) {
    self.laws = laws
    wholes = [whole]
    self.bits = bits
  }

  package var whole: Calibration { wholes[0] }

  /// Of an image, by both views with equal say: half of each one's error is spent on it (Bonferroni).
  /// - Parameters:
  ///   - tiles: scores of all its tiles.
  ///   - whole: the score of the image shrunk to a tile.
  package func score(of tiles: [Double], whole score: Double, by name: StatisticName) -> Double {
    guard let law = laws[name] else { return .nan }
    let (parts, all) = (law.score(of: tiles), surprise(ofWhole: score, by: name))
    return parts.isNaN || all.isNaN ? .nan : max(parts, all) - log(2)
  }

  /// Whether the whole is odder than its tiles are together.
  package func isWholeOdder(_ tiles: [Double], _ score: Double, by name: StatisticName) -> Bool {
    surprise(ofWhole: score, by: name) > laws[name]?.score(of: tiles) ?? .infinity
  }

  private func surprise(ofWhole score: Double, by name: StatisticName) -> Double {
    whole.references[name].map { TileLaw($0).surprise(score) } ?? .nan
  }
}
