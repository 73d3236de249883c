import ArgumentParser
import Diffusion
import Foundation
import Images
import ScoreModel
import Surprisal
import Tensors

/// Prints the figures that docs and README quote, each from a fresh measurement.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures what docs and README state.",
    subcommands: [
      CostBench.self, CoverageBench.self, DecoderBench.self, RoadsBench.self, AutoBench.self,
      IntegrandPicture.self, DecodeDump.self, LoadBench.self, MeasuringBench.self, TroublesBench.self,
      DetectionBench.self, ScoresBench.self,
      ParityDump.self,
      SpeedBench.self, RooflineBench.self, SamplesBench.self, PrecisionBench.self, LeftOutBench.self,
      VerdictsBench.self, CopiesBench.self, FoldersBench.self, OneClassBench.self, PagesBench.self,
      LevelsBench.self, AttentionBench.self, SizesBench.self,
    ])
}

/// A model and images to measure it with.
struct Subject: ParsableArguments {
  @Option(help: "Model file.") var model = "models/fashion-mnist.safetensors"
  @Option(parsing: .upToNextOption, help: "Images of the population.") var images: [String]
  @Option(help: "How many of them.") var limit = 32

  func load() throws -> (model: Model, denoiser: ScoreNetwork, images: ImageBatch) {
    let model = try Model(path: model)
    return (model, try model.denoiser(engine: try Engine()), try Self.read(images, model.shape, limit))
  }

  /// The first readable images.
  static func read(
    _ paths: [String], _ shape: ImageShape, _ limit: Int, by decoder: ImageDecoder = ImageDecoder()
  ) throws -> ImageBatch {
    var images = ImageBatch(shape: shape)
    var left = limit
    ImageEnumerator().forEach(in: paths) { source in
      guard left > 0 else { return }
      guard let image = try? source.load(decoder, as: shape) else { return }
      images.append(image.bitmap, measures: image.measures)
      left -= 1
    }
    guard !images.isEmpty else { throw ValidationError("no readable images") }
    return images
  }
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

/// Standard deviation of values around their mean.
func deviation(_ values: [Double]) -> Double {
  let center = mean(values)
  return (values.map { ($0 - center) * ($0 - center) }.reduce(0, +) / Double(max(values.count - 1, 1)))
    .squareRoot()
}

extension Model {
  /// The estimator as shipped, with any number of nodes, replicates and noise.
  func formula(nodes: Int, replicates: Int, seed: UInt64) -> LogProbability {
    let quadrature =
      control.map { Quadrature.placed(nodes, by: $0.survey) } ?? .gaussLegendre(nodes, over: range)
    return LogProbability(
      range: range, quadrature: quadrature, replicates: replicates, noise: CommonNoise(seed: seed),
      moments: moments, control: control)
  }
}
