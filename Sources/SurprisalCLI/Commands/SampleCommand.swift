import ArgumentParser
import Foundation
import Surprisal

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Draws images from the model's population by reverse diffusion.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @Option(name: .short, help: "How many images.") var n = 16
  @Option(help: "Folder for the images, as PNG.") var output: FilePath?
  @OptionGroup var sampling: SamplingOptions
  @Option(help: "One contact sheet, as PNG, - for standard output.") var sheet: FilePath?

  func validate() throws {
    if model.evaluations != nil {
      throw ValidationError("--evaluations is for scores; the steps of a sample are --steps")
    }
    if n < 1 { throw ValidationError("-n must be at least 1") }
    if output == nil, sheet == nil { throw ValidationError("give --output DIR, --sheet FILE or both") }
    if output == FilePath("-") { throw ValidationError("--output is a folder; --sheet takes -") }
  }

  func run() throws {
    try output?.makeFolders()
    let picture = try sheet.map { try Destination(option: $0) }
    let loaded = try model.load()
    shown.detail(loaded, model.model)
    let images = try Scorer(loaded, compute: model.compute).sample(
      n, stochasticity: sampling.noise, steps: sampling.steps, seed: sampling.seed
    ) { [shown] done, all in shown.progress("step \(done) of \(all)") }
    shown.progressDone()
    let bitmaps = images.indices.map { images[$0] }
    if let output {
      for (index, image) in bitmaps.enumerated() {
        let name = "sample-\(String(format: "%05d", index)).png"
        try Destination(output.appending(name.utf8)).write(image)
      }
      shown.note("\(n) images written to \(output)")
    }
    if let picture, let sheet = Bitmap.contactSheet(bitmaps) {
      try picture.write(sheet)
      shown.note("contact sheet of \(n) samples written to \(picture.name)")
    }
  }
}
