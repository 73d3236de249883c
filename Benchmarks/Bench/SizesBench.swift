import ArgumentParser
import Detection
import Files
import Foundation
import Images
import Surprisal

/// What one look sees at several sizes: of images that are spoiled on purpose (`SizeTrial`), and of such as do not belong.
struct SizesBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sizes", abstract: "At which size one look sees most: spoiled images, and outliers, at each."
  )

  @Option(help: "Model file.") var model = "models/photos.safetensors"
  @Option(parsing: .upToNextOption, help: "Images of the population, to fit to.") var images: [String]
  @Option(parsing: .upToNextOption, help: "Others of it.") var inliers: [String] = []
  @Option(parsing: .upToNextOption, help: "Files or folders of outliers, each a set.") var outliers:
    [String] = []
  @Option(help: "At most so many images of each.") var limit = 1000
  @Option(help: "gray or rgb.") var channels = "rgb"
  @Option(parsing: .upToNextOption, help: "Sides.") var sides = SizeTrial.sides

  func run() throws {
    let model = try Model(path: model)
    // As `fit` reads: what is measured is decoded at a larger size.
    var decoder = ImageDecoder()
    decoder.takesMeasures = true
    func read(_ paths: [String], _ side: Int) throws -> ImageBatch {
      try Subject.read(
        paths, ImageShape(height: side, width: side, channels: channels == "gray" ? 1 : 3), limit, by: decoder
      )
    }
    let trial = SizeTrial(
      of: images.map { FilePath($0) }, reading: ImageReading(), channels: channels == "gray" ? 1 : 3)
    let sets = outliers.map { ($0 as NSString).lastPathComponent }
    print("side  spoiled  \(sets.joined(separator: "  "))  seconds of trial")
    for side in sides {
      let start = ContinuousClock.now
      let all = try trial?.placements(at: side, by: model, compute: Compute()) ?? []
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      var line = String(format: "%4d  %.3f    ", side, mean(all))
      if !inliers.isEmpty {
        var fitted = model
        try fitted.fit(to: try read(images, side), anew: true)
        let calibration = try fitted.calibration(evaluations: 0)
        let scorer = try Scorer(fitted, evaluations: 0)
        func scores(_ paths: [String]) throws -> [Double] {
          try scorer.estimate(try read(paths, side)).map { calibration.score($0, by: .appearance) }
        }
        let known = try scores(inliers)
        for set in outliers {
          line += String(format: "%.3f  ", Separation(inliers: known, outliers: try scores([set])).auroc)
        }
      }
      print(line + String(format: "%.1f", seconds))
    }
  }
}
