internal import Crypto
import Detection
import Diffusion
import Files
import Foundation
import Images
import ScoreModel
import Tensors

extension Model {
  /// Up to 4 of whole images, 5 of tiles too; in 6 `combined` weighs its parts, where before all counted alike; in 7 one look may go by
  /// weights of its own; in 8 images may be aligned first; in 9 an encoder may look at tiles.
  static let formatVersion = 9
  /// That of its file: the earliest that knows all that is in it.
  private var formatVersion: Int {
    if tiling != nil, sight != nil { return 9 }
    if alignment != nil { return 8 }
    return looking == nil ? 6 : 7
  }
  private static let firstCalibrated = 4
  private static let key = "surprisal"

  /// The file's JSON.
  private struct Header: Codable {
    let formatVersion: Int
    let architecture: Architecture
    let preconditioning: Preconditioning
    let range: NoiseLevelRange
    let noise: CommonNoise
    let resampling: String
    let evaluations: [Int]
    /// Stages of `auto`, when calibrated for it.
    let ladder: [Int]?
    let facts: Facts
    /// Where the model was fitted with an encoder.
    let encoder: Sight.Header?
    /// Where it judges images by their tiles.
    let tiling: Tiling?
    /// Where it aligns images.
    let alignment: Alignment?

    /// Why no model can be so, or nil when one can; what has a type of its own is checked by its decoder.
    var refusal: String? {
      // Between a hundredth of a grey level and noise that drowns any image.
      guard range.lower >= 1e-4, range.lower < range.upper, range.upper <= 1e4 else {
        return "noise range \(range.lower) to \(range.upper): must lie within 0.0001 to 10000"
      }
      guard resampling == "area" else { return "resampling is none that there is" }
      for (name, list) in [("evaluations", evaluations), ("the ladder", ladder ?? [])] {
        guard list.count <= 64, Set(list).count == list.count, list.allSatisfy((0...4096).contains) else {
          return "\(name) must be at most 64 different numbers from 0 to 4096"
        }
      }
      if let ladder, ladder.count < 2 || ladder != ladder.sorted() || !Set(ladder).isSubset(of: evaluations) {
        return "the stages of auto evaluations are not calibrated"
      }
      if tiling != nil, alignment != nil { return "tiles are not aligned" }
      return facts.refusal ?? encoder?.refusal ?? tiling?.refusal
    }
  }

  private struct Version: Decodable { let formatVersion: Int }

  /// Most values of a tensor whose length follows from nothing else: reference scores.
  private static let mostValues = 1 << 24

  // MARK: Parts

  /// What the file keeps of the population, as it lies there.
  private struct Population {
    var mean: [Float] = []
    var variance: [Float] = []
    var spectrum: [Float] = []
    var sigmas: [Float] = []
    var integrand: [Float] = []
    var multiples: [Float] = []
  }

  /// A tensor of the population, declared once for reading and writing.
  private struct Field: Sendable {
    let name: String
    let place: WritableKeyPath<Population, [Float]> & Sendable
    /// By the images' shape and the noise levels surveyed; nil for a vector of any length.
    let shape: @Sendable (ImageShape, _ levels: Int) -> [Int]?
    /// Why values cannot be right, or nil.
    var refusal: @Sendable ([Float]) -> String? = { _ in nil }
  }

  private static let fields = [
    Field(
      name: "population.mean", place: \.mean,
      shape: { shape, _ in [shape.height, shape.width, shape.channels] },
      refusal: {
        $0.allSatisfy { (-1...1).contains($0) } ? nil : "the population's mean leaves the grey levels"
      }),
    Field(
      name: "population.variance", place: \.variance,
      shape: { shape, _ in [shape.height, shape.width, shape.channels] },
      // No set of values in -1...1 spreads by more than 1, but for rounding.
      refusal: {
        $0.allSatisfy { (0...1.01).contains($0) } ? nil : "the population's variance is none of grey levels"
      }),
    Field(
      name: "population.spectrum", place: \.spectrum,
      shape: { shape, _ in [shape.channels, shape.height, shape.width] },
      refusal: { spectrum in
        // The transform is orthonormal: no coefficient's square exceeds that of all values, which lie within 2 of the mean.
        let most = 4.04 * Float(spectrum.count)
        return spectrum.allSatisfy { (0...most).contains($0) }
          ? nil : "the population's spectrum is none of images"
      }),
    Field(
      name: "survey.sigmas", place: \.sigmas, shape: { _, _ in nil },
      refusal: { levels in
        let ascends = zip(levels, levels.dropFirst()).allSatisfy { $0 < $1 }
        guard (2...4096).contains(levels.count), ascends, levels[0] >= 0.9e-4, levels.last ?? 0 <= 1.1e4
        else {
          return "the survey's noise levels do not ascend from 0.0001 to 10000 at most"
        }
        return nil
      }),
    Field(
      name: "survey.integrand", place: \.integrand, shape: { _, levels in [levels] },
      refusal: { $0.allSatisfy { $0 >= 0 } ? nil : "the survey has a negative integrand" }),
    Field(name: "survey.multiples", place: \.multiples) { _, levels in [levels, ControlVariate.count] },
  ]

  private var population: Population {
    let survey = control?.survey
    return Population(
      mean: moments.mean, variance: moments.variance, spectrum: control?.variate.spectrum ?? [],
      sigmas: (survey?.sigmas ?? []).map { Float($0) },
      integrand: (survey?.integrand ?? []).map { Float($0) },
      multiples: (survey?.multiples ?? []).map { Float($0) })
  }

  private init(_ header: Header, _ population: Population, weights: FrozenWeights) {
    self.init(
      architecture: header.architecture, preconditioning: header.preconditioning, range: header.range,
      moments: PopulationMoments(mean: population.mean, variance: population.variance), noise: header.noise,
      weights: weights)
    facts = header.facts
    (tiling, alignment) = (header.tiling, header.alignment)
    control = LogProbability.Control(
      variate: ControlVariate(shape: shape, mean: population.mean, spectrum: population.spectrum),
      survey: IntegrandSurvey(
        sigmas: population.sigmas.map(Double.init), integrand: population.integrand.map(Double.init),
        multiples: population.multiples.map(Double.init)))
  }

  /// Where the parts of the file lie that come in numbers.
  private enum Name {
    static func network(_ parameter: String) -> String { "network.\(parameter)" }
    static func looking(_ parameter: String) -> String { "looking.\(parameter)" }
    static func eyes(_ parameter: String) -> String { "eyes.\(parameter)" }
    static func damage(_ parameter: String) -> String { "damage.\(parameter)" }
    static func calibration(_ evaluations: Int) -> String { "calibration.\(evaluations)." }
    static let examples = "examples"
    static func learned(_ part: LearnedImages.Part) -> String { "learned.\(part.rawValue)" }
    static func ladders(_ part: Ladders, _ statistic: StatisticName) -> String {
      "auto.\(part.rawValue).\(statistic.rawValue)"
    }
  }

  /// Scores over the stages of `auto`.
  private enum Ladders: String, CaseIterable { case fitting, reference }

  // MARK: Reading

  /// - Throws: `ModelFileError` with the path and the cause.
  public init(path: String) throws(ModelFileError) { try self.init(try SafeTensors(path: path), path: path) }

  /// - Parameter path: named in errors.
  package init(_ file: SafeTensors, path: String) throws(ModelFileError) {
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: path, reason: reason) }
    /// Its length is checked before it is read.
    func tensor(_ name: String, _ count: Int? = nil) throws(ModelFileError) -> [Float] {
      guard let tensor = file.tensors[name] else { throw damaged("tensor \(name) is missing") }
      if let count, tensor.count != count {
        throw damaged("tensor \(name) has \(tensor.count) values, not \(count)")
      }
      guard tensor.count <= Self.mostValues || count != nil else {
        throw damaged("tensor \(name) has \(tensor.count) values: at most \(Self.mostValues)")
      }
      let values = try tensor.values
      guard values.allSatisfy(\.isFinite) else { throw damaged("tensor \(name) holds what is no number") }
      return values
    }
    let header = try Self.header(of: file, path: path)
    let shape = header.architecture.shape
    // All of the network is there before any of it is given memory.
    let specs = Network(header.architecture).parameterSpecs
    let down = Network(header.architecture).downSpecs
    let isLooking = down.contains { file.tensors[Name.looking($0.name)] != nil }
    let seeing = EyeNetwork(header.architecture).parameterSpecs
    let hasEyes = seeing.contains { file.tensors[Name.eyes($0.name)] != nil }
    let marking = DamageNetwork(shape).parameterSpecs
    let hasDamageEyes = marking.contains { file.tensors[Name.damage($0.name)] != nil }
    if hasDamageEyes, !Damage.takes(shape) {
      throw damaged(
        "tensors damage.* are there, though no damage can be seen in \(shape.width)x\(shape.height)")
    }
    for (spec, name) in specs.map({ ($0, Name.network($0.name)) })
      + (isLooking ? down.map { ($0, Name.looking($0.name)) } : [])
      + (hasEyes ? seeing.map { ($0, Name.eyes($0.name)) } : [])
      + (hasDamageEyes ? marking.map { ($0, Name.damage($0.name)) } : [])
    {
      guard let found = file.tensors[name] else { throw damaged("tensor \(name) is missing") }
      guard found.shape == spec.shape else {
        throw damaged("tensor \(name) has shape \(found.shape) where the architecture needs \(spec.shape)")
      }
    }
    var population = Population()
    for field in Self.fields {
      let values = try tensor(
        field.name, field.shape(shape, population.sigmas.count).map { $0.reduce(1, *) })
      if let refusal = field.refusal(values) { throw damaged(refusal) }
      population[keyPath: field.place] = values
    }
    let weights: FrozenWeights
    let looking: FrozenWeights?
    let eyes: FrozenWeights?
    let damageEyes: FrozenWeights?
    do {
      weights = try FrozenWeights(specs) { try tensor(Name.network($0.name), $0.count) }
      looking = isLooking ? try FrozenWeights(down) { try tensor(Name.looking($0.name), $0.count) } : nil
      eyes = hasEyes ? try FrozenWeights(seeing) { try tensor(Name.eyes($0.name), $0.count) } : nil
      damageEyes =
        hasDamageEyes ? try FrozenWeights(marking) { try tensor(Name.damage($0.name), $0.count) } : nil
    } catch let error as ModelFileError { throw error } catch { throw damaged("\(error)") }
    self.init(header, population, weights: weights)
    (self.looking, self.eyes, self.damageEyes) = (looking, eyes, damageEyes)
    for part in LearnedImages.Part.allCases where file.tensors[Name.learned(part)] != nil {
      if let refusal = learned.restore(try tensor(Name.learned(part)), of: part) { throw damaged(refusal) }
    }
    if file.tensors[Name.examples] != nil {
      guard let kept = Examples(try tensor(Name.examples), shape: shape) else {
        throw damaged("the examples are no images of the model's size")
      }
      examples = kept
    }
    // Earlier versions held other statistics: such a model reads as one not yet calibrated.
    guard header.formatVersion >= Self.firstCalibrated else { return }
    do {
      for evaluations in header.evaluations {
        let prefix = Name.calibration(evaluations)
        calibrations.append(
          try Calibration(
            evaluations: evaluations,
            form: form(evaluations: evaluations),
            names: Set(
              file.tensors.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }),
            isTiled: tiling != nil
          ) { try tensor(prefix + $0, $1).map(Double.init) })
      }
      sight = try header.encoder.map { encoder in
        try Sight(encoder, names: file.tensors.keys, isTiled: tiling != nil) { try tensor($0, $1) }
      }
      adaptive = try header.ladder.map { stages in
        try Self.adaptive(stages: stages, calibrations) { file.tensors[$0] == nil ? nil : try tensor($0) }
      }
    } catch let error as ModelFileError { throw error } catch { throw damaged("\(error)") }
  }

  private static func header(of file: SafeTensors, path: String) throws(ModelFileError) -> Header {
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: path, reason: reason) }
    guard let version = try file.metadata(Version.self, at: key, path: path)?.formatVersion else {
      throw damaged("no surprisal metadata")
    }
    guard version <= formatVersion else { throw .tooNew(path: path, version: version) }
    guard version >= 1 else { throw damaged("format version \(version)") }
    guard let header = try file.metadata(Header.self, at: key, path: path) else {
      throw damaged("no surprisal metadata")
    }
    if let refusal = header.refusal { throw damaged("metadata: \(refusal)") }
    return header
  }

  /// Statistics that the ladder has no scores of are left out: it was made before they were thought of.
  ///
  /// - Parameter tensor: nil where there is none of the name.
  private static func adaptive(
    stages: [Int], _ calibrations: [Calibration], tensor: (String) throws -> [Float]?
  ) throws -> AdaptiveCalibration {
    var scores: [Ladders: [StatisticName: [[Double]]]] = [:]
    for part in Ladders.allCases {
      for statistic in calibrations.first(where: { $0.evaluations == stages[0] })?.names ?? [] {
        let name = Name.ladders(part, statistic)
        guard let values = try tensor(name)?.map(Double.init) else { continue }
        guard values.count % stages.count == 0 else {
          throw CalibrationError.unsuitable("tensor \(name) is cut")
        }
        scores[part, default: [:]][statistic] = stride(from: 0, to: values.count, by: stages.count).map {
          Array(values[$0..<$0 + stages.count])
        }
      }
    }
    return AdaptiveCalibration(
      evaluations: stages, fitting: scores[.fitting] ?? [:], references: scores[.reference] ?? [:])
  }

  // MARK: Writing

  /// Writes atomically.
  /// - Throws: `ModelFileError.unwritable`.
  public func write(to path: String) throws { try file().write(to: path) }

  /// - Throws: `ModelFileError.unwritable`.
  public func write(to destination: Destination) throws { try file().write(to: destination) }

  /// SHA-256 of the file that the model would be written as: tells models apart that score differently.
  public var digest: String {
    // A model's own values always encode.
    let bytes = (try? file().encoded()) ?? Data()
    return SHA256.hash(data: bytes).hexadecimal
  }

  package func file() throws -> SafeTensors {
    var file = SafeTensors()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let header = Header(
      formatVersion: formatVersion,
      architecture: architecture,
      preconditioning: preconditioning,
      range: range, noise: noise, resampling: "area", evaluations: calibrations.map(\.evaluations),
      ladder: adaptive?.evaluations, facts: facts, encoder: sight?.header, tiling: tiling,
      alignment: alignment)
    file.metadata[Self.key] = String(decoding: try encoder.encode(header), as: UTF8.self)
    let population = population
    for field in Self.fields {
      let values = population[keyPath: field.place]
      // A model that is not surveyed yet has none.
      guard !values.isEmpty else { continue }
      file.tensors[field.name] = .init(
        shape: field.shape(shape, population.sigmas.count) ?? [values.count], values: values)
    }
    for spec in weights.specs {
      file.tensors[Name.network(spec.name)] = .init(shape: spec.shape, values: weights.read(spec))
    }
    for (learned, name) in [
      (looking, Name.looking), (eyes, Name.eyes), (damageEyes, Name.damage),
    ] {
      for spec in learned?.specs ?? [] {
        file.tensors[name(spec.name)] = .init(shape: spec.shape, values: learned?.read(spec) ?? [])
      }
    }
    for part in LearnedImages.Part.allCases where learned.hashes[part] != nil {
      let values = learned.values(of: part)
      file.tensors[Name.learned(part)] = .init(shape: [values.count / 2, 2], values: values)
    }
    if let examples {
      file.tensors[Name.examples] = .init(
        shape: [examples.images.count, Examples.numbers(shape)], values: examples.values)
    }
    for calibration in calibrations {
      for (name, values) in calibration.tensors {
        file.tensors[Name.calibration(calibration.evaluations) + name] = .init(values.map { Float($0) })
      }
    }
    for (name, values) in sight?.calibration.tensors ?? [:] {
      file.tensors[Sight.prefix + name] = .init(values.map { Float($0) })
    }
    for part in Ladders.allCases {
      for (statistic, ladders) in (part == .fitting ? adaptive?.fitting : adaptive?.references) ?? [:] {
        file.tensors[Name.ladders(part, statistic)] = .init(
          shape: [ladders.count, ladders.first?.count ?? 0], values: ladders.joined().map { Float($0) })
      }
    }
    return file
  }
}

extension Model.Facts {
  /// Why nothing can be known so of a training, or nil when it can.
  fileprivate var refusal: String? {
    for (name, count) in [("training", trainingImages), ("validation", validationImages)] where count < 0 {
      return "facts: \(count) \(name) images"
    }
    guard validationBitsPerDim.isFinite else { return "facts: the validation's bits/dim are no number" }
    // It is shown to people as it is.
    guard onednn.utf8.count <= 64, onednn.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      return "facts: oneDNN's version is none"
    }
    guard (generatedReferences ?? []).allSatisfy((1...4096).contains) else {
      return "facts: generated references must be of 1 to 4096 evaluations"
    }
    return nil
  }
}
