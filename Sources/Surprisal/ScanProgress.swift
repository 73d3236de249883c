import Detection

/// How far a scan is.
public struct ScanProgress: Sendable {
  /// Images done, unreadable ones among them.
  public let done: Int
  /// Of these, images that were not looked at, as what was found before was kept.
  public let recalled: Int
  /// Whether all images are there and judge one another, which takes its time.
  public let isJudging: Bool
  /// What is known so far; nil where p-values come when all images are there.
  let pValues: [Double]?
  let rule: FlaggingRule

  /// Outliers among the images done, by the rule on what is known of them; nil while none is judged. Sorts p-values where the rule
  /// does.
  public var outliers: Int? {
    pValues.map { known in
      let threshold = rule.threshold(for: known)
      return known.count { $0 <= threshold }
    }
  }
}
