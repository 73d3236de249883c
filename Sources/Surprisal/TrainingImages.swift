import Detection
import Diffusion
import Images

/// Images of a training, split by groups of copies.
struct TrainingImages {
  let training: ImageBatch
  /// Of which no two show the same, nor what one of `training` shows.
  let validation: ImageBatch
  /// Where they are few: all that fit statistics, the images held out first, then those trained on, and those that are near copies of the
  /// former, so that neither network nor reference is of them. None of the images held out is judged by what its like fitted.
  let few: FittingImages?

  /// - Parameters:
  ///   - training: places of those to train on.
  ///   - validation: places of those held out, each the first of its group.
  init(_ all: ImageBatch, _ copies: CopyGroups, training: [Int], validation: [Int]) {
    self.training = all[training]
    self.validation = all[validation]
    let held = Set(validation)
    let others = copies.fitting().places.filter { !held.contains($0) }
    guard others.count <= Training.mostFitted, validation.count < Training.fewHeldOut else {
      few = nil
      return
    }
    let places = validation + others
    few = FittingImages(
      all[places], groups: places.map { copies.first[$0] }, references: Array(validation.indices))
  }
}

/// What references were made of.
struct Calibrated {
  /// Of the images held out.
  let estimates: [SurprisalEstimate]
  /// Scores by what was not fitted on them, of images held out and of others; nil where these are yet to be had.
  let scores: (heldOut: [StatisticName: [Double]], others: [StatisticName: [Double]])?

  init(_ estimates: [SurprisalEstimate]) {
    self.estimates = estimates
    scores = nil
  }

  init(_ images: FittingImages, _ estimates: [SurprisalEstimate], _ scores: [StatisticName: [Double]]) {
    self.estimates = images.references.map { estimates[$0] }
    let others = images.others
    self.scores = (
      scores.mapValues { scores in images.references.map { scores[$0] } },
      scores.mapValues { scores in others.map { scores[$0] } }
    )
  }
}
