import Cache
import Detection
import Diffusion
import Files
import Foundation
import Images
import ScoreModel
import Tensors

// Fitting is not training: a network that was trained on other images, and a population that it is to tell from others.

extension Model {
  /// The network that is fitted where none is named: trained on photographs of all kinds.
  public static let general = "photos"

  /// Images that a model keeps as examples unless told otherwise.
  public static let standardExamples = Examples.standard

  /// The network's weights for images of another shape.
  /// - Throws: `SurprisalError.unsuitableSize` where it cannot take the shape.
  func weights(for shape: ImageShape) throws -> FrozenWeights {
    if let refusal = shape.refusal ?? architecture.reshaped(shape).refusal {
      throw SurprisalError.unsuitableSize(reason: refusal)
    }
    guard let weights = try Network(architecture).weights(weights, for: shape) else {
      throw SurprisalError.unsuitableSize(reason: "the network knows gray images alone: give --channels gray")
    }
    return weights
  }

  /// The network's weights for one that is deeper or has attention besides: at first it makes of images what this one does.
  /// - Throws: `SurprisalError.unsuitableSize` where it cannot take the images' shape, `.unsuitableOption` where the other has
  ///   less than this one.
  package func weights(deepenedTo other: Architecture, seed: UInt64) throws -> FrozenWeights {
    let own = try weights(for: other.shape)
    let network = Network(architecture.reshaped(other.shape))
    guard let weights = try network.weights(own, deepenedTo: other, seed: seed) else {
      throw SurprisalError.unsuitableOption(
        reason:
          "the network to start from has \(architecture.depth): what it has stays, and no level goes below "
          + "attention. Start from none, or from another")
    }
    return weights
  }

  /// The same population under another network.
  package func under(
    _ architecture: Architecture, _ preconditioning: Preconditioning, _ weights: FrozenWeights
  ) -> Model {
    var result = Model(
      architecture: architecture, preconditioning: preconditioning, range: range, moments: moments,
      noise: noise, weights: weights)
    // Any survey is right for any network: the same nodes and multiples leave the difference to the networks alone.
    result.control = control
    return result
  }

  /// This model's network for images of another shape, with nothing known of a population yet.
  ///
  /// - Parameter images: what is known of the population's pixels, in the shape wanted.
  /// - Throws: `SurprisalError.unsuitableSize` where the network cannot take the shape.
  package func emptied(for images: ImageBatch) throws -> Model {
    let weights = try weights(for: images.shape)
    var result = Model(
      architecture: architecture.reshaped(images.shape), preconditioning: preconditioning, range: range,
      moments: PopulationMoments(images: images), noise: noise, weights: weights)
    result.facts.trainingImages = facts.trainingImages
    result.facts.options = facts.options
    result.facts.onednn = facts.onednn
    result.learned.take(.trained, of: learned)
    // Convolutions take any size, but not other colours.
    if images.shape.channels == shape.channels { result.looking = looking }
    // Ways of altering an image are of its shape.
    if images.shape == shape { (result.eyes, result.damageEyes) = (eyes, damageEyes) }
    // Where the bits of other images lay, and how the control variate served them: any such are right, the population's own are
    // only better (`survey`).
    if let survey = control?.survey, !images.isEmpty {
      result.control = LogProbability.Control(
        variate: ControlVariate(fitting: images, mean: result.moments.mean), survey: survey)
    }
    return result
  }

  /// Fits the network to a population: every statistic of one look with its references, and those of denoising errors where
  /// evaluations are asked for.
  ///
  /// - Parameters:
  ///   - paths: images known to belong.
  ///   - shape: at which they are taken.
  ///   - anew: whether what the model knows of another population is dropped; it is where the shape is another.
  ///   - budget: `.look` for one look alone.
  ///   - chosen: told which number of evaluations was chosen, where it was to be.
  ///   - examples: how many of the images the model keeps, to show beside what it finds odd.
  ///   - lesson: what eyes learn from first; nil for none but those that the model has.
  ///   - damage: what is learned from to mark damage, likewise.
  ///   - unreadable: told the name of an image that cannot be had, and why.
  /// - Returns: which of the images show the same.
  /// - Throws: `CalibrationError` with too few, `EngineError`, `SurprisalError`.
  @discardableResult
  public mutating func fit(
    to paths: [FilePath], shape: FittedShape = FittedShape(), anew: Bool = true,
    reading: ImageReading = ImageReading(), budget: EvaluationBudget = .look,
    examples: Int = Model.standardExamples, learning lesson: EyeLesson.Images? = nil,
    marking damage: DamageLesson? = nil, compute: Compute = Compute(),
    unreadable: (String, String) -> Void = { _, _ in },
    chosen: (EvaluationChoice) -> Void = { _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> CopyGroups {
    let choice = try shape.choice(of: paths, reading: reading, trying: self, compute: compute)
    let size = choice.size
    var reading = reading
    reading.decoder.alignment = choice.alignment
    reading.decoder.takesMeasures = true
    let images = ImageStream.images(
      of: paths,
      shape: ImageShape(
        height: size.height, width: size.width, channels: shape.channels ?? self.shape.channels),
      reading: reading, unreadable: unreadable)
    guard !images.isEmpty else { throw SurprisalError.noReadableImages(purpose: "fit to") }
    let taken = shape.channels == nil ? images.inFewestChannels : images
    func teaching(_ paths: [FilePath], _ purpose: String) throws -> ImageBatch {
      let read = ImageStream.images(
        of: paths, shape: taken.shape, reading: reading, unreadable: unreadable)
      guard !read.isEmpty else { throw SurprisalError.noReadableImages(purpose: purpose) }
      return read
    }
    if choice.alignment != alignment, !anew {
      throw SurprisalError.unsuitableOption(reason: "a model aligns all its images alike: fit anew")
    }
    return try fit(
      to: taken, aligned: choice.alignment, anew: anew, budget: budget, examples: examples,
      learning: try lesson.map { ($0, try teaching($0.paths, EyeLesson.purpose)) },
      marking: try damage.map { ($0, try teaching($0.paths, DamageLesson.purpose)) }, compute: compute,
      chosen: chosen,
      progress: progress)
  }

  /// The same of images in memory, of any shape that the network takes.
  /// - Parameter aligned: how they are aligned already.
  @discardableResult
  package mutating func fit(
    to images: ImageBatch, aligned: Alignment? = nil, anew: Bool, budget: EvaluationBudget = .look,
    examples: Int = Model.standardExamples, learning: (lesson: EyeLesson.Images, from: ImageBatch)? = nil,
    marking: (lesson: DamageLesson, from: ImageBatch)? = nil, compute: Compute = Compute(),
    chosen: (EvaluationChoice) -> Void = { _ in },
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> CopyGroups {
    if anew || images.shape != shape {
      self = try emptied(for: images)
      alignment = aligned
      if budget != .look || control == nil { try survey(on: images, compute: compute) }
    }
    if tiling != nil {
      // What is known of tiles says nothing of whole images.
      (tiling, calibrations, adaptive) = (nil, [], nil)
    }
    if let learning { try learnEyes(learning.lesson, from: learning.from, besides: images, budget, compute) }
    if let marking { try learnDamage(marking.lesson, from: marking.from, besides: images, compute) }
    // What an encoder saw was of the population before.
    sight = nil
    self.examples = Examples(examples, of: images)
    if budget != .look {
      let distinct = images[CopyGroups(of: images).representatives]
      let settled = try settle(budget, on: distinct, compute: compute, told: chosen)
      if budget == .chosen {
        // What is known at other numbers of evaluations is of other images, and would stay the first that is asked.
        (calibrations, adaptive, facts.generatedReferences) = ([], nil, nil)
      }
      try calibrate(on: images, budget: settled, compute: compute, progress: progress)
    }
    return try calibrate(on: images, budget: .look, compute: compute, progress: progress)
  }
}
