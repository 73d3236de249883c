import Diffusion

/// Images judged by one another, where nothing else says what is ordinary: the score of each is by a statistic fitted on
/// parts of the images that it is not in, its p-value by what is ordinary among all scores (`EmpiricalNull`).
///
/// Images that show the same count once, and are judged as one: none by its own copy.
package struct CrossJudgement: Sendable {
  package let statistic: StatisticName
  /// Of each image; higher is odder.
  package let scores: [Double]
  /// Of each image, relative to the ordinary ones among all.
  package let pValues: [Double]
  /// Estimated share of ordinary images.
  package let ordinaryShare: Double
  /// Fitted on all images, for words.
  private let fitted: any Statistic
  /// What each image's errors are shown against.
  package let profile: ErrorProfile

  /// Images that it takes: fewer say too little of what is ordinary.
  package static let fewest = 30
  /// - Parameters:
  ///   - estimates: of all images, with what the statistic observes.
  ///   - copies: which of them show the same.
  /// - Throws: `CalibrationError.tooFewToJudge` with fewer than 30 different images.
  package init(
    _ estimates: [SurprisalEstimate], copies: CopyGroups, statistic name: StatisticName
  ) throws(CalibrationError) {
    let distinct = copies.representatives
    guard distinct.count >= Self.fewest else {
      throw .tooFewToJudge(found: distinct.count, needed: Self.fewest)
    }
    guard let type = StatisticRegistry.type(of: name) else { throw .notCalibrated(name) }
    let (fitted, found) = try StatisticRegistry.crossFitted(
      type, distinct.map { estimates[$0] }, by: CrossFit(rows: distinct.count))
    // A copy is as odd as what it shows.
    var scores = [Double](repeating: .nan, count: estimates.count)
    for (index, score) in zip(distinct, found) { scores[index] = score }
    for index in scores.indices { scores[index] = scores[copies.first[index]] }
    let null = EmpiricalNull(fitting: distinct.map { scores[$0] })
    statistic = name
    self.scores = scores
    pValues = scores.map(null.pValue)
    ordinaryShare = null.ordinaryShare
    self.fitted = fitted
    profile = ErrorProfile(fitting: estimates)
  }

  /// What stands out in an image.
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String {
    fitted.words(estimate, form)
      ?? Wording.levels(sigmas: form.sigmas, z: profile.standardised(estimate))
  }
}
