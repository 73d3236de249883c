import ArgumentParser
import Detection
import Diffusion
import Foundation
import Images
import ScoreModel
import Surprisal
import Tensors

/// Images looked at once, by a network and, for a control, by the same with random weights.
struct Looks: ParsableArguments {
  @Option(help: "Model file whose network looks.") var model = "models/photos.safetensors"
  @Option(parsing: .upToNextOption, help: "Images of the population, in IDX files.") var images: [String]
  @Option(help: "Labels of the images, as an IDX file: each class is a population.") var labels: String?
  @Option(help: "How many images are read.") var limit = 3000

  /// The statistics that are compared: by name, of which network.
  enum Eye: String, CaseIterable {
    case appearance, activations, random, spectrum

    var statistic: StatisticName {
      switch self {
      case .appearance: .appearance
      case .activations, .random: .activations
      case .spectrum: .spectrum
      }
    }
  }

  /// Images with what either network sees.
  struct Seen {
    var images: ImageBatch
    var known: [SurprisalEstimate]
    var random: [SurprisalEstimate]

    func estimates(_ eye: Eye) -> [SurprisalEstimate] { eye == .random ? random : known }
  }

  private static let shape = ImageShape(height: 32, width: 32, channels: 3)

  func look(at paths: [String], limit: Int) throws -> Seen {
    var images = ImageBatch(shape: Self.shape)
    var decoder = ImageDecoder()
    decoder.takesMeasures = true
    ImageEnumerator().forEach(in: paths) { source in
      guard images.count < limit, let image = try? source.load(decoder, as: Self.shape) else { return }
      images.append(image.bitmap, measures: image.measures)
    }
    guard !images.isEmpty else { throw ValidationError("no readable images") }
    let model = try Model(path: model)
    return Seen(
      images: images, known: try Scorer(model, evaluations: 0).estimate(images),
      random: try Scorer(model.withRandomWeights(seed: 1), evaluations: 0).estimate(images))
  }

  /// Places of the images of each class; of all where there are no labels.
  func classes(_ count: Int) throws -> [(name: String, places: [Int])] {
    guard let labels else { return [("all", Array(0..<count))] }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: labels)).dropFirst(8).prefix(count)
    return Set(bytes).sorted().map { label in
      ("\(label)", bytes.enumerated().filter { $0.element == label }.map(\.offset))
    }
  }
}

extension Model {
  /// The same layers with weights as training starts from, those drawn too that start at zero.
  fileprivate func withRandomWeights(seed: UInt64) throws -> Model {
    let specs = Network(architecture).parameterSpecs
    let start = Parameters(specs)
    start.initialise(seed: seed)
    let drawn = FrozenWeights(start)
    var random = RandomSource(seed: seed, stream: 2)
    let weights = try FrozenWeights(specs) { spec in
      let values = drawn.read(spec)
      guard values.allSatisfy({ $0 == 0 }), spec.shape.count == 4 else { return values }
      let fanIn = Float(spec.shape.dropFirst().reduce(1, *))
      return random.normal(spec.count).map { $0 / fanIn.squareRoot() }
    }
    return Model(
      architecture: architecture, preconditioning: preconditioning, range: range, moments: moments,
      noise: noise, weights: weights)
  }
}

/// Folders that judge themselves: rates where all images are ordinary, discoveries where some are foreign.
struct FoldersBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "folders", abstract: "Rates and discoveries of folders judged by themselves.")

  @OptionGroup var looks: Looks
  @Option(parsing: .upToNextOption, help: "Foreign images, in IDX files.") var outliers: [String]
  @Option(help: "Folders drawn at each size.") var splits = 200
  @Option(parsing: .upToNextOption, help: "Images of a folder.") var sizes = [50, 200, 1000]
  @Option(help: "False discovery rate.") var fdr = 0.1

  private static let levels = [0.1, 0.05, 0.01]

  func run() throws {
    let own = try looks.look(at: looks.images, limit: looks.limit)
    let foreign = try looks.look(at: outliers, limit: 1000)
    print(
      "clean folders: share of p-values at or below .1, .05, .01, +- two standard errors over \(splits) folders"
    )
    for size in sizes where size <= own.images.count {
      for eye in [Looks.Eye.appearance, .activations] {
        var shares: [[Double]] = [[], [], []]
        for split in 0..<splits {
          let judged = try judge(own, foreign, size: size, odd: 0, eye, seed: split).judged
          for (k, level) in Self.levels.enumerated() {
            shares[k].append(Double(judged.pValues.count { $0 <= level }) / Double(size))
          }
        }
        print(
          String(
            format: "%5d  %@", size,
            eye.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0) as NSString)
            + shares.map {
              String(format: "  %.4f +- %.4f", mean($0), 2 * deviation($0) / Double(splits).squareRoot())
            }.joined())
      }
    }
    try fits(own)
    print(
      "\nforeign images inside: false share of the flagged at --fdr \(fdr), share of the foreign flagged; AUROC in the folder"
    )
    print(
      "images  foreign  false  found   "
        + Looks.Eye.allCases.map { $0.rawValue.padding(toLength: 13, withPad: " ", startingAt: 0) }.joined())
    for size in sizes where size <= own.images.count {
      for share in [0.01, 0.05, 0.2] {
        let odd = max(Int((share * Double(size)).rounded()), 1)
        var wrong: [Double] = []
        var found: [Double] = []
        var aurocs = [[Double]](repeating: [], count: Looks.Eye.allCases.count)
        for split in 0..<max(splits / 4, 1) {
          for (k, eye) in Looks.Eye.allCases.enumerated() {
            let (judged, foreign) = try judge(own, foreign, size: size, odd: odd, eye, seed: split)
            let scores = judged.scores
            aurocs[k].append(
              Separation(
                inliers: scores.indices.filter { !foreign[$0] }.map { scores[$0] },
                outliers: scores.indices.filter { foreign[$0] }.map { scores[$0] }
              ).auroc)
            guard eye == .appearance else { continue }
            let flagged = scores.indices.filter(judged.isOutlier)
            let hits = flagged.count { foreign[$0] }
            wrong.append(Double(flagged.count - hits) / Double(max(flagged.count, 1)))
            found.append(Double(hits) / Double(odd))
          }
        }
        print(
          String(format: "%6d  %6.0f %%  %.3f  %.3f   ", size, 100 * share, mean(wrong), mean(found))
            + aurocs.map { String(format: "%.3f        ", mean($0)) }.joined())
      }
    }
  }

  /// Share of new images flagged by a fit to some, whose references are cross-fitted.
  private func fits(_ own: Looks.Seen) throws {
    print(
      "\nfitted to so many: share of new images with p-values at or below each level that the references support"
    )
    for size in sizes where size + 300 <= own.images.count {
      for eye in [Looks.Eye.appearance, .activations] {
        let estimates = own.estimates(eye)
        var shares: [[Double]] = [[], [], []]
        for split in 0..<splits {
          var random = RandomSource(seed: UInt64(split), stream: 43)
          let order = own.images.indices.shuffled(using: &random)
          let calibration = try Calibration(
            evaluations: 0, estimates: order.prefix(size).map { estimates[$0] })
          let pValues = order.dropFirst(size).prefix(300).map {
            calibration.pValue(calibration.score(estimates[$0], by: eye.statistic), by: eye.statistic)
          }
          for (k, level) in Self.levels.enumerated() {
            shares[k].append(Double(pValues.count { $0 <= level }) / Double(pValues.count))
          }
        }
        let allowed = Self.levels.map { (Double(size + 1) * $0).rounded(.down) / Double(size + 1) }
        print(
          String(format: "%5d  ", size) + eye.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)
            + zip(shares, allowed).map {
              String(
                format: "  %.4f +- %.4f (%.4f)", mean($0), 2 * deviation($0) / Double(splits).squareRoot(), $1
              )
            }.joined())
      }
    }
  }

  /// A folder drawn at random, judged by itself, and which of its images are foreign.
  private func judge(
    _ own: Looks.Seen, _ foreign: Looks.Seen, size: Int, odd: Int, _ eye: Looks.Eye, seed: Int
  ) throws -> (judged: CrossJudgement, foreign: [Bool]) {
    var random = RandomSource(seed: UInt64(seed), stream: 41)
    let ordinary = own.images.indices.shuffled(using: &random).prefix(size - odd)
    let strange = foreign.images.indices.shuffled(using: &random).prefix(odd)
    var images = own.images[ordinary]
    images.append(contentsOf: foreign.images[strange])
    let estimates =
      ordinary.map { own.estimates(eye)[$0] } + strange.map { foreign.estimates(eye)[$0] }
    // Drawn as different images: what copies are left in the sets are judged as any others.
    return (
      try CrossJudgement(
        estimates, copies: CopyGroups(distinct: images.count), statistic: eye.statistic,
        rule: .falseDiscoveryRate(fdr)),
      images.indices.map { $0 >= size - odd }
    )
  }
}

/// One class fitted, all others judged by it.
struct OneClassBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "oneclass", abstract: "AUROC of one class's fit against all other classes.")

  @OptionGroup var looks: Looks
  @Option(help: "Images of a class that are fitted.") var fit = 450
  @Option(help: "Images of each class that are judged.") var test = 100

  func run() throws {
    let seen = try looks.look(at: looks.images, limit: looks.limit)
    let classes = try looks.classes(seen.images.count)
    print(
      "class  "
        + Looks.Eye.allCases.map { $0.rawValue.padding(toLength: 13, withPad: " ", startingAt: 0) }.joined()
        + "components")
    var all = [[Double]](repeating: [], count: Looks.Eye.allCases.count + 1)
    for (name, places) in classes {
      let fitted = places.prefix(places.count > fit + test ? fit : places.count / 2)
      let inside = places.dropFirst(fitted.count).prefix(test)
      let outside = classes.filter { $0.name != name }.flatMap { $0.places.suffix(test) }
      var line: [Double] = []
      for eye in Looks.Eye.allCases {
        let estimates = seen.estimates(eye)
        let calibration = try Calibration(evaluations: 0, estimates: fitted.map { estimates[$0] })
        func scores(_ places: some Sequence<Int>) -> [Double] {
          places.map { calibration.score(estimates[$0], by: eye.statistic) }
        }
        line.append(Separation(inliers: scores(inside), outliers: scores(outside)).auroc)
      }
      line.append(components(seen.images, Array(fitted), Array(inside), outside))
      for (k, value) in line.enumerated() { all[k].append(value) }
      print(
        name.padding(toLength: 7, withPad: " ", startingAt: 0)
          + line.map { String(format: "%.3f        ", $0) }.joined())
    }
    print("mean   " + all.map { String(format: "%.3f        ", mean($0)) }.joined())
  }

  /// Mahalanobis distance of principal components of the pixels: what a network has to beat.
  private func components(_ images: ImageBatch, _ fitted: [Int], _ inside: [Int], _ outside: [Int]) -> Double
  {
    func row(_ place: Int) -> [Float] { images.pixels(of: place).map { Float($0) } }
    let fit = PrincipalComponents(fitting: FeatureTable(fitted.map(row)), count: 64)
    func scores(_ places: [Int]) -> [Double] { places.map { fit.score(row($0)[...]) } }
    return Separation(inliers: scores(inside), outliers: scores(outside)).auroc
  }
}
