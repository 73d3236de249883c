import ArgumentParser
import Detection
import Foundation
import Images
import Surprisal
import Tensors

/// Every statistic's score of every image, for other tools to work on.
struct ScoresBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scores", abstract: "Every statistic's score of every image, as CSV.")

  @Option(help: "Model file.") var model = "models/fashion-mnist.safetensors"
  @Option(help: "Images that fit the statistics and are scored by what others of them fit: set `reference`.")
  var references: [String] = []
  @Option(parsing: .upToNextOption, help: "Images to score: a set each, as NAME=PATH.") var sets: [String] =
    []
  @Option(help: "References at most.") var most = 1900
  @Option(help: "Images of a set at most.") var limit = 1000
  @Option(help: "Network evaluations an image.") var evaluations = 16
  @Flag(help: "Also degraded copies of the first set's images.") var degraded = false
  @Option(
    help: "Images to alter, or spoil in part, in each way that statistics are weighed by: a set `~WAY` each.")
  var altered: [String] = []
  @Option(help: "Images altered in each way at most.") var alteredLimit = 60

  func run() throws {
    var model = try Model(path: self.model)
    let shape = model.shape
    let images = try Subject.read(references, shape, most)
    try model.calibrate(on: images, budget: .fixed(evaluations))
    let calibration = try model.calibration(evaluations: evaluations)
    let names = calibration.names
    print((["set"] + names.map(\.rawValue)).joined(separator: ","))
    let scorer = try Scorer(model, evaluations: evaluations)
    func estimates(_ images: ImageBatch) throws -> [SurprisalEstimate] {
      try images.parts(of: scorer.batch).flatMap { try scorer.estimate(images[$0]) }
    }
    func tell(_ set: String, _ scores: [StatisticName: [Double]], _ count: Int) {
      for index in 0..<count {
        print(([set] + names.map { "\(scores[$0]?[index] ?? .nan)" }).joined(separator: ","))
      }
    }
    // As the model was fitted, but that all parts of `combined` have the same say.
    let (places, groups) = CopyGroups(of: images).fitting()
    let own = try Calibration.crossFitting(
      evaluations: evaluations, GroupedEstimates(try estimates(images[places]), groups: groups.first)
    ).scores
    tell("reference", own, places.count)
    func score(_ name: String, _ images: ImageBatch) throws {
      let found = try estimates(images)
      var scores: [StatisticName: [Double]] = [:]
      for name in names { scores[name] = found.map { calibration.score($0, by: name) } }
      tell(name, scores, found.count)
    }
    var first: ImageBatch?
    for set in sets {
      let parts = set.split(separator: "=", maxSplits: 1).map(String.init)
      let images = try Subject.read([parts[1]], shape, limit)
      first = first ?? images
      try score(parts[0], images)
    }
    if !altered.isEmpty {
      let images = try Subject.read(altered, shape, alteredLimit)
      try score("~", images)
      let spoiled: [any ImageChange] = min(shape.height, shape.width) < 64 ? [] : Flaw.allCases
      for kind in Alteration.learned(shape).filter({ $0 != .none }) + Alteration.unknown + spoiled {
        var random = RandomSource(seed: 1, stream: 0x414C_5452)
        try score(
          "~\(kind)",
          ImageBatch(
            shape: shape,
            images: images.indices.map { index in
              let other = images[Int.random(in: images.indices, using: &random)]
              return kind.changed(images[index], other: other, random: &random)
            }))
      }
    }
    guard degraded, let first else { return }
    for kind in Degradation.allCases {
      let spoiled = try first.indices.map { try kind(first[$0], seed: UInt64($0)) }
      try score(kind.words, ImageBatch(shape: shape, images: spoiled))
    }
  }
}
