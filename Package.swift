// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Every target compiles in Swift 6 language mode with warnings as errors, always optimised enough to test with.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// A library of image files that is used where it is installed: its header, what the C sources are told, what is linked.
struct Codec {
  let header: String
  let define: String
  let libraries: [String]

  static let all = [
    Codec(header: "tiffio.h", define: "IMAGE_TIFF", libraries: ["tiff"]),
    Codec(header: "webp/demux.h", define: "IMAGE_WEBP", libraries: ["webp", "webpdemux"]),
    Codec(header: "avif/avif.h", define: "IMAGE_AVIF", libraries: ["avif"]),
  ]

  /// Where systems have headers that need no option to be found.
  static let folders = [
    "/usr/include", "/usr/local/include", "/usr/include/x86_64-linux-gnu", "/usr/include/aarch64-linux-gnu",
  ]

  var isInstalled: Bool {
    Self.folders.contains { FileManager.default.fileExists(atPath: "\($0)/\(header)") }
  }
}

let codecs = Codec.all.filter(\.isInstalled)

/// An object with less of ICU's data than Swift's, which `make dist` links in its place (Tools/Dist/icu.py).
let icu = Context.environment["SURPRISAL_ICU"].map { [LinkerSetting.unsafeFlags([$0])] }

let package = Package(
  name: "surprisal",
  products: [
    .library(name: "Surprisal", targets: ["Surprisal"]),
    .executable(name: "surprisal", targets: ["SurprisalCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    // Version 3: a quarter less to compile than 4, and the same SHA-256.
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.3"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // Paths as bytes, folders walked by handles, results that appear whole.
    .target(name: "Files", swiftSettings: strict),

    // What was found out before, by content, in a file of SQLite's.
    .target(
      name: "Cache",
      dependencies: [
        "Files", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),

    // Pixels: C shim, then decoding, orientation, resampling, enumeration.
    .target(
      name: "CImageCodecs",
      cSettings: codecs.map { .define($0.define) },
      linkerSettings: (["jpeg", "png", "z", "deflate"] + codecs.flatMap(\.libraries)).map {
        .linkedLibrary($0)
      }),
    .target(name: "Images", dependencies: ["CImageCodecs", "Files"], swiftSettings: strict),

    // Numbers: oneDNN, layers, network, log-probability.
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .target(name: "Tensors", dependencies: ["COneDNN"], swiftSettings: strict),
    .target(name: "ScoreModel", dependencies: ["Files", "Images", "Tensors"], swiftSettings: strict),
    .target(name: "Diffusion", dependencies: ["Images", "Tensors", "ScoreModel"], swiftSettings: strict),

    // Encoders that users bring, run by OpenVINO where that is installed: nothing of it is needed to build.
    .target(name: "COpenVINO", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(
      name: "Encoders",
      dependencies: [
        "COpenVINO", "Images", "Diffusion", .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),

    // Verdicts and how they are told.
    .target(name: "Detection", dependencies: ["Tensors", "Diffusion"], swiftSettings: strict),
    .target(
      name: "Reports",
      dependencies: ["Files", .product(name: "Mustache", package: "swift-mustache")],
      // Templates, styles and scripts of pages, in the binary.
      resources: [.embedInCode("Pages/Resources")], swiftSettings: strict),

    // The public face and the command over it.
    .target(
      name: "Surprisal",
      dependencies: [
        "Files", "Cache", "Images", "Tensors", "ScoreModel", "Diffusion", "Encoders", "Detection", "Reports",
        .product(name: "Yams", package: "Yams"),
        .product(name: "Crypto", package: "swift-crypto"),
      ], swiftSettings: strict),
    .target(name: "CThreadWaiting"),
    .executableTarget(
      name: "SurprisalCLI",
      dependencies: [
        "CThreadWaiting", "Surprisal", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], packageAccess: false, swiftSettings: strict, linkerSettings: icu),

    // Figures for docs and README: `make bench`.
    .executableTarget(
      name: "bench",
      dependencies: [
        "CThreadWaiting", "Surprisal", "Files", "Images", "Tensors", "ScoreModel", "Diffusion", "Detection",
        "Reports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks/Bench", swiftSettings: strict),

    // Manual pages from the command's help: `make man`.
    .executableTarget(name: "manual", path: "Tools/Manual", swiftSettings: strict),

    // Programs as a user writes them.
    .executableTarget(
      name: "TrainAndScan", dependencies: ["Surprisal"], path: "examples/TrainAndScan", packageAccess: false),
    .executableTarget(
      name: "GateFolder", dependencies: ["Surprisal"], path: "examples/GateFolder", packageAccess: false),
    .executableTarget(
      name: "KnownPopulation", dependencies: ["Surprisal"], path: "examples/KnownPopulation",
      packageAccess: false),

    .testTarget(
      name: "TensorsTests", dependencies: ["COneDNN", "Tensors"], exclude: ["Reference"],
      swiftSettings: strict),
    .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: strict),
    .testTarget(
      name: "CacheTests", dependencies: ["Cache", "Files", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: strict),
    .testTarget(
      name: "ImagesTests", dependencies: ["Files", "Images"], exclude: ["Reference"], swiftSettings: strict),
    .testTarget(
      name: "ScoreModelTests", dependencies: ["Files", "Images", "Tensors", "ScoreModel"],
      swiftSettings: strict),
    .testTarget(
      name: "EncodersTests", dependencies: ["Images", "Encoders"], exclude: ["Reference"],
      swiftSettings: strict),
    .testTarget(name: "ReportsTests", dependencies: ["Files", "Tensors", "Reports"], swiftSettings: strict),
    .testTarget(
      name: "SurprisalTests",
      dependencies: [
        "Files", "Images", "Tensors", "ScoreModel", "Diffusion", "Detection", "Reports", "Surprisal",
        "mutants",
      ], exclude: ["Reference"],
      swiftSettings: strict),
    // Damaged models and checkpoints, read by a process of their own: a trap is counted, not died of.
    .executableTarget(
      name: "mutants", dependencies: ["Files", "Images", "Tensors", "ScoreModel", "Diffusion", "Surprisal"],
      path: "Tests/Mutants", swiftSettings: strict),
    // What users see, and nothing more: no import but Surprisal, no access but public.
    .testTarget(
      name: "FaceTests", dependencies: ["Surprisal"], packageAccess: false, swiftSettings: strict),
    .testTarget(
      name: "SurprisalCLITests", dependencies: ["Images", "SurprisalCLI"], swiftSettings: strict),
    .testTarget(
      name: "DiffusionTests", dependencies: ["Images", "Tensors", "ScoreModel", "Diffusion"],
      swiftSettings: strict),
    .testTarget(
      name: "DetectionTests", dependencies: ["Images", "Tensors", "Diffusion", "Detection"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
