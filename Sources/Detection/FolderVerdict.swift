import Images

/// The verdict on images that were judged by one another: what they show, and how they were made, in one p-value.
///
/// Half of the say has what an image shows (`CrossJudgement`), half what is measured of it (`Troubles`), whose p-values are
/// joined by Simes' inequality: 2 min(content, Simes(troubles)) is a p-value wherever its parts are, and of independent ones
/// all but exact (Simes 1986).
package struct FolderVerdict: Sendable {
  /// Of each image.
  package let pValues: [Double]
  /// Largest p-value that is flagged, below 0 when none is.
  package let threshold: Double
  private let content: [Double]
  private let troubles: Troubles?
  private let measures: [Measures?]

  /// Troubles that have p-values which can be small.
  package static let named = Trouble.allCases.filter { $0 != .turned }

  /// - Parameters:
  ///   - content: p-values of what images show.
  ///   - measures: of each image, nil where it was not measured.
  ///   - copies: which images show the same; each counts once.
  /// - Throws: `CalibrationError` with too few images.
  package init(
    content: [Double], measures: [Measures?], copies: CopyGroups, rule: FlaggingRule
  ) throws(CalibrationError) {
    let distinct = copies.representatives
    let known = distinct.compactMap { measures[$0] }
    let fitted = known.count >= Troubles.fewest ? try Troubles(fitting: known) : nil
    let pValues = content.indices.map { index in
      guard let fitted, let own = measures[index] else { return content[index] }
      return min(2 * min(content[index], Self.simes(Self.named.map { fitted.pValue($0, own) })), 1)
    }
    troubles = fitted
    self.content = content
    self.measures = measures
    self.pValues = pValues
    threshold = rule.threshold(for: distinct.map { pValues[$0] })
  }

  /// min over k of n p(k) / k, ascending.
  static func simes(_ pValues: [Double]) -> Double {
    let n = Double(pValues.count)
    return pValues.sorted().enumerated().map { n * $1 / Double($0 + 1) }.min() ?? 1
  }

  package func isOutlier(_ index: Int) -> Bool { pValues[index] <= threshold }

  /// A trouble's p-value in an image, with what was measured.
  package struct Finding: Sendable {
    package let trouble: Trouble
    package let pValue: Double
    /// What was measured beside what is ordinary.
    package let words: String
    /// Whether it is what flags the image, or one of the things that do.
    package let isReason: Bool
  }

  /// Every trouble, the likeliest first; none where the image was not measured.
  package func findings(_ index: Int) -> [Finding] {
    guard let troubles, let own = measures[index] else { return [] }
    let all = Self.named.map { ($0, troubles.pValue($0, own)) }.sorted { $0.1 < $1.1 }
    let least = 2 * Double(all.count)
    // Where no trouble is enough alone, nor what the image shows, several are together: the first stands for them.
    let hasOther = isReason(content[index]) || all.contains { $0.1 * least <= threshold }
    return all.enumerated().map { place, item in
      let isEnough = item.1 * least <= threshold
      return Finding(
        trouble: item.0, pValue: item.1, words: troubles.words(item.0, own),
        isReason: isOutlier(index) && (isEnough || (place == 0 && !hasOther)))
    }
  }

  /// Whether what an image shows flags it.
  package func isOddContent(_ index: Int) -> Bool { isOutlier(index) && isReason(content[index]) }

  private func isReason(_ pValue: Double) -> Bool { (troubles == nil ? 1 : 2) * pValue <= threshold }
}
