internal import Crypto
import Detection
import Diffusion
import Files
import Foundation
import Images
import ScoreModel
import Tensors

extension Model {
  static let formatVersion = 3
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
  }

  private struct Version: Codable { let formatVersion: Int }

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
    Field(name: "population.mean", place: \.mean) { shape, _ in [shape.height, shape.width, shape.channels] },
    Field(name: "population.variance", place: \.variance) { shape, _ in
      [shape.height, shape.width, shape.channels]
    },
    Field(
      name: "population.spectrum", place: \.spectrum,
      shape: { shape, _ in [shape.channels, shape.height, shape.width] },
      refusal: { $0.allSatisfy { $0 >= 0 } ? nil : "the population's spectrum is negative" }),
    Field(
      name: "survey.sigmas", place: \.sigmas, shape: { _, _ in nil },
      refusal: { levels in
        guard (2...4096).contains(levels.count), zip(levels, levels.dropFirst()).allSatisfy({ $0 < $1 }),
          levels[0] > 0
        else { return "the survey's noise levels do not ascend" }
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
    control = LogProbability.Control(
      variate: ControlVariate(shape: shape, mean: population.mean, spectrum: population.spectrum),
      survey: IntegrandSurvey(
        sigmas: population.sigmas.map(Double.init), integrand: population.integrand.map(Double.init),
        multiples: population.multiples.map(Double.init)))
  }

  /// Where the parts of the file lie that come in numbers.
  private enum Name {
    static func network(_ parameter: String) -> String { "network.\(parameter)" }
    static func calibration(_ evaluations: Int) -> String { "calibration.\(evaluations)." }
    static func learned(_ part: LearnedImages.Part) -> String { "learned.\(part.rawValue)" }
    static func ladders(_ part: Ladders, _ statistic: StatisticName) -> String {
      "auto.\(part.rawValue).\(statistic.rawValue)"
    }
  }

  /// Scores over the stages of `auto`.
  private enum Ladders: String, CaseIterable { case fitting, reference }

  // MARK: Reading

  /// - Throws: `ModelFileError` with the path and the cause.
  public init(path: String) throws(ModelFileError) {
    let file = try SafeTensors(path: path)
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: path, reason: reason) }
    func tensor(_ name: String, _ count: Int? = nil) throws(ModelFileError) -> [Float] {
      guard let tensor = file.tensors[name] else { throw damaged("tensor \(name) is missing") }
      if let count, tensor.values.count != count {
        throw damaged("tensor \(name) has \(tensor.values.count) values, not \(count)")
      }
      guard tensor.values.allSatisfy(\.isFinite) else {
        throw damaged("tensor \(name) holds what is no number")
      }
      return tensor.values
    }
    let header = try Self.header(of: file, path: path)
    let shape = header.architecture.shape
    var population = Population()
    for field in Self.fields {
      let values = try tensor(
        field.name, field.shape(shape, population.sigmas.count).map { $0.reduce(1, *) })
      if let refusal = field.refusal(values) { throw damaged(refusal) }
      population[keyPath: field.place] = values
    }
    let weights: FrozenWeights
    do {
      weights = try FrozenWeights(Network(header.architecture).parameterSpecs) {
        try tensor(Name.network($0.name), $0.count)
      }
    } catch let error as ModelFileError { throw error } catch { throw damaged("\(error)") }
    self.init(header, population, weights: weights)
    for part in LearnedImages.Part.allCases where file.tensors[Name.learned(part)] != nil {
      if let refusal = learned.restore(try tensor(Name.learned(part)), of: part) { throw damaged(refusal) }
    }
    // Earlier versions held other statistics: such a model reads as one not yet calibrated.
    guard header.formatVersion == Self.formatVersion else { return }
    do {
      for evaluations in header.evaluations {
        guard (1...4096).contains(evaluations) else { throw damaged("\(evaluations) evaluations") }
        let prefix = Name.calibration(evaluations)
        calibrations.append(
          try Calibration(
            evaluations: evaluations,
            form: EstimateForm(sigmas: quadrature(evaluations: evaluations).sigmas, shape: shape),
            names: Set(
              file.tensors.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
          ) { try tensor(prefix + $0, $1).map(Double.init) })
      }
      adaptive = try header.ladder.map { stages in
        try Self.adaptive(stages: stages, calibrations) { file.tensors[$0] == nil ? nil : try tensor($0) }
      }
    } catch let error as ModelFileError { throw error } catch { throw damaged("\(error)") }
  }

  private static func header(of file: SafeTensors, path: String) throws(ModelFileError) -> Header {
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: path, reason: reason) }
    guard let text = file.metadata[key] else { throw damaged("no surprisal metadata") }
    let json = Data(text.utf8)
    guard let version = try? JSONDecoder().decode(Version.self, from: json).formatVersion else {
      throw damaged("metadata has no format version")
    }
    guard version <= formatVersion else { throw .tooNew(path: path, version: version) }
    guard let header = try? JSONDecoder().decode(Header.self, from: json) else {
      throw damaged("metadata is incomplete")
    }
    if let refusal = header.architecture.refusal { throw damaged(refusal) }
    guard header.range.lower > 0, header.range.lower < header.range.upper, header.range.upper.isFinite,
      header.preconditioning.deviation > 0, header.preconditioning.mean.isFinite
    else { throw damaged("noise range or preconditioning out of range") }
    return header
  }

  /// Statistics that the ladder has no scores of are left out: it was made before they were thought of.
  ///
  /// - Parameter tensor: nil where there is none of the name.
  private static func adaptive(
    stages: [Int], _ calibrations: [Calibration], tensor: (String) throws -> [Float]?
  ) throws -> AdaptiveCalibration {
    let known = Set(calibrations.map(\.evaluations))
    guard stages.count >= 2, stages == stages.sorted(), stages.allSatisfy(known.contains) else {
      throw CalibrationError.unsuitable("the stages of auto evaluations are not calibrated")
    }
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
  package var digest: String {
    // A model's own values always encode.
    let bytes = (try? file().encoded()) ?? Data()
    return SHA256.hash(data: bytes).hexadecimal
  }

  private func file() throws -> SafeTensors {
    var file = SafeTensors()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let header = Header(
      formatVersion: Self.formatVersion, architecture: architecture, preconditioning: preconditioning,
      range: range, noise: noise, resampling: "area", evaluations: calibrations.map(\.evaluations),
      ladder: adaptive?.evaluations, facts: facts)
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
    for part in LearnedImages.Part.allCases where learned.hashes[part] != nil {
      let values = learned.values(of: part)
      file.tensors[Name.learned(part)] = .init(shape: [values.count / 2, 2], values: values)
    }
    for calibration in calibrations {
      for (name, values) in calibration.tensors {
        file.tensors[Name.calibration(calibration.evaluations) + name] = .init(values.map { Float($0) })
      }
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
