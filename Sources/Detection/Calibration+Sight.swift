import Diffusion

extension Calibration {
  /// Fits statistics of sight and sets their references: images fit (`CopyGroups.fitting`), and are judged by what was fitted on the
  /// tenths that they are not in. Images that show the same are in one tenth, and one of them is a reference.
  /// - Throws: `CalibrationError`.
  package init(
    seeing all: [SurprisalEstimate], copies: CopyGroups
  ) throws(CalibrationError) {
    let (places, groups) = copies.fitting()
    let estimates = GroupedEstimates(places.map { all[$0] }, groups: groups.first)
    let distinct = groups.representatives
    guard distinct.count >= Self.fewest else {
      throw .tooFewToFit(found: distinct.count, needed: Self.fewest)
    }
    let split = CrossFit(groups: groups.first, folds: Self.folds)
    let (sight, ofSight) = try SightStatistic.fit(estimates, by: split)
    var (whole, scores): ([any Statistic], _) = ([sight], ofSight)
    if sight.places != nil {
      let (patches, ofPatches) = try PatchStatistic.crossFitted(estimates, by: split)
      whole.append(patches)
      scores[PatchStatistic.name] = ofPatches
    }
    var references: [StatisticName: ReferenceScores] = [:]
    for (name, scores) in scores {
      references[name] = try ReferenceScores(distinct.map { Double(Float(scores[$0])) })
    }
    self.init(
      evaluations: 0, kind: .sight, profile: ErrorProfile(fitting: Array(estimates)), whole: whole,
      references: references)
  }

  /// How odd each pixel of the encoder's image is, `[height, width]`: the distance of the place there, smoothed as PatchCore has it
  /// (a Gaussian of 4 pixels where the image has 224); where no encoder looked, of the model's image as it sees damage. Nil where
  /// neither places nor damage were fitted.
  package func oddness(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> [Double]? {
    func drawn(_ distances: [Double], _ height: Int, _ width: Int) -> [Double]? {
      guard distances.count == height * width else { return nil }
      return PatchMap(distances, height: height, width: width)
        .drawn(height: form.shape.height, width: form.shape.width)
    }
    if let places = statistic(.places) as? PlaceStatistic, let grid = PlaceStatistic.grid(form),
      let distances = places.distances(estimate)
    {
      return drawn(distances, grid.rows, grid.columns)
    }
    guard let damage = statistic(.damage) as? DamageStatistic, let grid = form.damage,
      let distances = damage.distances(estimate)
    else { return nil }
    return drawn(distances, grid.rows, grid.columns)
  }
}
