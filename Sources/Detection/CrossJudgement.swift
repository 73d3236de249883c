import Diffusion

/// Images judged by one another, where nothing else says what is ordinary: the score of each is by a statistic fitted on
/// parts of the images that it is not in, its p-value by what is ordinary among all scores (`EmpiricalNull`).
///
/// Images that show the same count once: none is judged by its own copy. What a copy shows is as odd as what it is a copy of; the
/// troubles of its file are its own.
package struct CrossJudgement: Sendable {
  package let statistic: StatisticName
  /// Of each image; higher is odder.
  package let scores: [Double]
  /// Of each image, relative to the ordinary ones among all.
  package let pValues: [Double]
  /// Largest p-value that is flagged, below 0 when none is.
  package let threshold: Double
  /// Fitted on all images, for words.
  private let fitted: any Statistic
  private let verdicts: [AppearanceStatistic.Verdict]
  /// What each image's errors are shown against.
  package let profile: ErrorProfile

  /// Images that it takes: fewer say too little of what is ordinary.
  package static let fewest = 30

  /// - Parameters:
  ///   - estimates: of all images, with what the statistic observes.
  ///   - copies: which of them show the same.
  /// - Throws: `CalibrationError.tooFewToJudge` with fewer than 30 different images.
  package init(
    _ estimates: [SurprisalEstimate], copies: CopyGroups, statistic name: StatisticName, rule: FlaggingRule
  ) throws(CalibrationError) {
    let distinct = copies.representatives
    guard distinct.count >= Self.fewest else {
      throw .tooFewToJudge(found: distinct.count, needed: Self.fewest)
    }
    let split = CrossFit(rows: distinct.count)
    let images = GroupedEstimates(distinct.map { estimates[$0] })
    func spread<Value>(_ values: [Value]) -> [Value] {
      let place = Dictionary(uniqueKeysWithValues: zip(distinct, distinct.indices))
      return copies.first.map { values[place[$0] ?? 0] }
    }
    guard let type = StatisticRegistry.type(of: name) else { throw .notCalibrated(name) }
    let pValues: [Double]
    if name == AppearanceStatistic.name {
      // Its verdicts are p-values already.
      let (appearance, own) = try AppearanceStatistic.judged(images, by: split, trusted: false)
      fitted = appearance
      verdicts = zip(estimates.indices, spread(own)).map { index, verdict in
        copies.first[index] == index ? verdict : verdict.onCopy(estimates[index], by: appearance)
      }
      scores = verdicts.map(\.score)
      pValues = verdicts.map(\.pValue)
    } else {
      let scores: [Double]
      if let type = type as? any FeatureStatistic.Type {
        let found = try Self.robust(type, images, split)
        (fitted, scores) = (found.0, found.1)
      } else {
        (fitted, scores) = try StatisticRegistry.crossFitted(type, images, by: split)
      }
      verdicts = []
      let null = EmpiricalNull(fitting: scores)
      self.scores = spread(scores)
      pValues = spread(scores.map(null.pValue))
    }
    statistic = name
    self.pValues = pValues
    // A copy whose file is as its original's is no further test.
    threshold = rule.threshold(
      for: pValues.indices.filter {
        copies.first[$0] == $0 || pValues[$0] != pValues[copies.first[$0]]
      }.map { pValues[$0] })
    profile = ErrorProfile(fitting: estimates)
  }

  private static func robust<S: FeatureStatistic>(
    _ type: S.Type, _ images: GroupedEstimates, _ split: CrossFit
  ) throws(CalibrationError) -> (any Statistic, [Double]) {
    let (fitted, scores) = try S.crossFitted(images, by: split, trusted: false)
    return (fitted, scores)
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

  /// Every trouble that was looked for.
  package func findings(_ index: Int, _ estimate: SurprisalEstimate, _ form: EstimateForm) -> [Finding] {
    guard let appearance = fitted as? AppearanceStatistic else { return [] }
    return appearance.findings(verdicts[index], estimate, form, threshold: threshold)
  }

  /// What stands out in an image.
  package func words(_ index: Int, _ estimate: SurprisalEstimate, _ form: EstimateForm) -> String {
    if let appearance = fitted as? AppearanceStatistic {
      let verdict = verdicts[index]
      let (isContent, named) = verdict.reasons(threshold: max(threshold, verdict.pValue))
      return appearance.words(estimate, form, isContent: isContent, named)
    }
    return fitted.words(estimate, form)
      ?? Wording.levels(sigmas: form.sigmas, z: profile.standardised(estimate))
  }
}

extension AppearanceStatistic {
  /// Every trouble of a verdict.
  package func findings(
    _ verdict: Verdict, _ estimate: SurprisalEstimate, _ form: EstimateForm, threshold: Double
  ) -> [CrossJudgement.Finding] {
    let named = verdict.reasons(threshold: threshold).troubles
    return Trouble.named.compactMap { trouble in
      verdict.troubles[trouble].map {
        CrossJudgement.Finding(
          trouble: trouble, pValue: $0, words: words(trouble, estimate, form),
          isReason: named.contains(trouble))
      }
    }
  }
}
