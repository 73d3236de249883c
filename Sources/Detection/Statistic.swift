import Diffusion
import Images

/// One number an image is judged by; higher is odder. Fitted on images of the population, then frozen.
///
/// A statistic is one file: its name, what it observes, how it fits, what a model file keeps of it, and its words. To add
/// one, write the file and name its type in `StatisticRegistry.all`; models calibrated from then on have it.
package protocol Statistic: Sendable {
  static var name: StatisticName { get }
  /// What it can judge by.
  static var kinds: Set<StatisticKind> { get }
  /// What it needs to know of an image beside the sums of the formula.
  static var observations: [Observation] { get }
  /// Whether that is known of an image.
  static func canJudge(_ estimate: SurprisalEstimate) -> Bool
  /// Statistics that it is made of, which are fitted, kept and had with it.
  static var parts: [StatisticName] { get }
  /// Those, as fitted.
  var fittedParts: [any Statistic] { get }

  /// - Throws: `CalibrationError` when the images cannot determine it.
  init(fitting estimates: GroupedEstimates) throws(CalibrationError)
  /// - Parameter sensitivity: what statistics see of altered images, where that is known.
  /// - Throws: `CalibrationError` when the images cannot determine it.
  static func fitted(
    on estimates: GroupedEstimates, knowing sensitivity: Sensitivity?
  ) throws(CalibrationError) -> Self
  /// The same statistic fitted on other images. What was chosen by looking at images, such as a number of components,
  /// stays as it is.
  /// - Throws: `CalibrationError` when the images cannot determine it.
  func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Self
  /// As `fitted`, for `refitted(_:by:)` alone: what that finds anew may be left open.
  static func begun(
    on estimates: GroupedEstimates, knowing sensitivity: Sensitivity?
  ) throws(CalibrationError) -> Self
  /// The same statistic fitted on parts of other images.
  /// - Returns: what is fitted on all but the first part, and scores of all images by the statistic and by its parts, each by what is
  ///   fitted on the parts that the image is not in.
  /// - Throws: `CalibrationError` when the images cannot determine it.
  func refitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (judging: Self, scores: [StatisticName: [Double]])
  func score(_ estimate: SurprisalEstimate) -> Double
  /// Fits to images, and scores each by the same fitted on the parts that it is not in: what fresh images would score, where
  /// the fitted statistic itself flatters the images it knows.
  /// - Throws: `CalibrationError` when the images cannot determine it.
  static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double])

  /// What a model file keeps, by name.
  var tensors: [String: [Double]] { get }
  /// The statistic that kept these tensors.
  /// - Parameter tensor: a tensor by name, of a certain count where one is given.
  init(tensor: (String, Int?) throws -> [Double]) throws
  /// Why tensors from a file cannot judge a model's estimates, or nil when they can.
  func refusal(for form: EstimateForm) -> String?

  /// What stands out in an image, where the statistic has more to say of it than its noise levels.
  func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String?
}

/// What a statistic judges by, and so at which numbers of evaluations there is such a one.
package enum StatisticKind: Sendable {
  /// Denoising errors, at any number of evaluations but none.
  case errors
  /// What one look tells (`Appearance`), at no evaluations.
  case appearance
  /// What an encoder sees (`ImageFeatures`).
  case sight

  package init(evaluations: Int) { self = evaluations == 0 ? .appearance : .errors }
}

extension Statistic {
  package static var kinds: Set<StatisticKind> { [.errors] }

  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    let fitted = try Self(fitting: estimates)
    return (fitted, try fitted.refitted(estimates, by: split).scores[Self.name] ?? [])
  }

  package static func fitted(
    on estimates: GroupedEstimates, knowing sensitivity: Sensitivity?
  ) throws(CalibrationError) -> Self { try Self(fitting: estimates) }
  package static func begun(
    on estimates: GroupedEstimates, knowing sensitivity: Sensitivity?
  ) throws(CalibrationError) -> Self { try fitted(on: estimates, knowing: sensitivity) }
  package func refitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (judging: Self, scores: [StatisticName: [Double]]) {
    let fitted = try inParallel(split.folds) { part throws(CalibrationError) in
      try refitted(on: estimates.rows(of: part, in: split).others)
    }
    func scores(_ statistic: (Self) -> any Statistic) -> [Double] {
      estimates.indices.map { statistic(fitted[split.fold[$0]]).score(estimates[$0]) }
    }
    var all = [Self.name: scores { $0 }]
    for (k, part) in fitted[0].fittedParts.enumerated() {
      all[type(of: part).name] = scores { $0.fittedParts[k] }
    }
    return (fitted[0], all)
  }
  package static var observations: [Observation] { [] }
  package static func canJudge(_ estimate: SurprisalEstimate) -> Bool {
    !observations.contains(.look) || estimate.appearance != nil
  }
  package static var parts: [StatisticName] { [] }
  package var fittedParts: [any Statistic] { [] }
  package func refitted(on estimates: GroupedEstimates) throws(CalibrationError) -> Self {
    try Self(fitting: estimates)
  }
  package func refusal(for form: EstimateForm) -> String? { nil }
  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? { nil }
}

/// A statistic that is computed and not fitted.
package protocol FixedStatistic: Statistic {
  init()
}

extension FixedStatistic {
  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) { self.init() }
  package init(tensor: (String, Int?) throws -> [Double]) throws { self.init() }
  package var tensors: [String: [Double]] { [:] }
}

/// What a model's estimates look like: their nodes, and the images they are of.
package struct EstimateForm: Sendable {
  /// Noise standard deviations of the nodes, ascending.
  package let sigmas: [Double]
  package let shape: ImageShape
  /// Values of `Appearance.activations`.
  package let activations: Int
  /// What learned eyes see; nil where there are none.
  package let eyes: EyeForm?
  /// What a network sees that learned to find damage; nil where there is none.
  package let damage: DamageForm?
  /// Nil where no encoder looks.
  package let features: FeatureForm?
  /// Whether places are those of what an image shows once it is aligned.
  package var isAligned = false
  /// Which part of a larger image was looked at; nil where places are of the image itself as it was looked at.
  package var frame: Frame?

  /// A part of an image, in that image's own pixels.
  package struct Frame: Sendable, Equatable {
    package let x: Int
    package let y: Int
    package let width: Int
    package let height: Int
    package let imageWidth: Int
    package let imageHeight: Int

    package init(x: Int, y: Int, width: Int, height: Int, imageWidth: Int, imageHeight: Int) {
      (self.x, self.y, self.width, self.height) = (x, y, width, height)
      (self.imageWidth, self.imageHeight) = (imageWidth, imageHeight)
    }

    var isWhole: Bool { width == imageWidth && height == imageHeight }
  }

  package init(
    sigmas: [Double], shape: ImageShape, activations: Int = 0, eyes: EyeForm? = nil,
    damage: DamageForm? = nil, features: FeatureForm? = nil
  ) {
    self.sigmas = sigmas
    self.shape = shape
    self.activations = activations
    self.eyes = eyes
    self.damage = damage
    self.features = features
  }
}

/// How many values an `EyeLook` has.
package struct EyeForm: Sendable, Equatable {
  package let activations: Int
  /// What each of `EyeLook.logProbabilities` is of, the first being an image as it is.
  package let alterations: [Alteration]

  package init(activations: Int, alterations: [Alteration]) {
    self.activations = activations
    self.alterations = alterations
  }
}
