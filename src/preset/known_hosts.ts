import type { Preset } from "../config/presets.ts";
import type { Client } from "./client_hosts.ts";

/**
 * Hosts of presets that belong to no package manager of the image, as each service documents them.
 *
 * @see {@link https://docs.docker.com/desktop/setup/allow-list/}
 */
export const SERVICE_HOSTS: Readonly<Record<Exclude<Preset, Client>, readonly string[]>> = {
  github: [
    "github.com",
    "api.github.com",
    "codeload.github.com",
    "uploads.github.com",
    "*.githubusercontent.com",
    "github-cloud.s3.amazonaws.com",
    "ghcr.io",
  ],
  gitlab: ["gitlab.com", "registry.gitlab.com", "cdn.artifacts.gitlab-static.net"],
  docker: [
    "registry-1.docker.io",
    "auth.docker.io",
    "index.docker.io",
    "hub.docker.com",
    "production.cloudflare.docker.com",
    "production.cloudfront.docker.com",
    "docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
  ],
  rubygems: ["rubygems.org", "index.rubygems.org"],
  maven: [
    "repo.maven.apache.org",
    "repo1.maven.org",
    "plugins.gradle.org",
    "plugins-artifacts.gradle.org",
    "services.gradle.org",
  ],
  nuget: ["api.nuget.org", "www.nuget.org"],
};

/**
 * Hosts of package managers that nobody configured. npm and apt are in every image and tell theirs
 * themselves.
 *
 * @see {@link https://doc.rust-lang.org/cargo/reference/registry-index.html}
 * @see {@link https://go.dev/ref/mod#environment-variables}
 */
export const DEFAULT_HOSTS: Readonly<Partial<Record<Client, readonly string[]>>> = {
  pypi: ["pypi.org", "files.pythonhosted.org"],
  crates: ["index.crates.io", "static.crates.io", "crates.io"],
  go: ["proxy.golang.org", "sum.golang.org"],
};
