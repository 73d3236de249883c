import ArgumentParser
import Foundation
import Surprisal

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Draws images from the model's population by reverse diffusion.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @Option(name: .short, help: "How many images.") var n = 16
  @Option(help: "Folder for the images, as PNG.") var output: String?
  @OptionGroup var sampling: SamplingOptions
  @Option(help: "One contact sheet, as PNG.") var sheet: String?

  func validate() throws {
    if n < 1 { throw ValidationError("-n must be at least 1") }
    if output == nil, sheet == nil { throw ValidationError("give --output DIR, --sheet FILE or both") }
  }

  func run() throws {
    let loaded = try model.load()
    let images = try Scorer(loaded, compute: model.compute).sample(
      n, stochasticity: sampling.noise, steps: sampling.steps, seed: sampling.seed
    ) { [shown] done, all in shown.progress("step \(done) of \(all)") }
    shown.progressDone()
    let bitmaps = images.indices.map { images[$0] }
    if let output {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      for (index, image) in bitmaps.enumerated() {
        try writePNG(image, to: "\(output)/sample-\(String(format: "%05d", index)).png")
      }
      shown.note("\(n) images written to \(output)")
    }
    if let sheet, let picture = Bitmap.contactSheet(bitmaps) {
      try writePNG(picture, to: sheet)
      shown.note("contact sheet of \(n) samples written to \(sheet)")
    }
  }
}
