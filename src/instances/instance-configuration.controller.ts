import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../common/http/api-errors.js';
import { CurrentCaller, type TenantCaller } from '../common/http/caller.js';
import { InstanceRoute } from '../common/http/instance-route.js';
import { AllowedTargets } from '../common/net/allowed-targets.js';
import { ERRORS } from './documented-errors.js';
import { ProxyBody } from './dto/proxy-body.dto.js';
import { ProxyRetrieved } from './dto/proxy-retrieved.dto.js';
import { ProxyUpdated } from './dto/proxy-updated.dto.js';
import { SettingsBody } from './dto/settings-body.dto.js';
import { SettingsRetrieved } from './dto/settings-retrieved.dto.js';
import { SettingsUpdated } from './dto/settings-updated.dto.js';
import { InstanceConfigurationService } from './instance-configuration.service.js';
import { toProxyView, toSettingsView } from './instance.views.js';

// The first of the examples is what "Try it out" sends when nobody changes it.
const SETTINGS_EXAMPLES = {
  nothing: { summary: 'Change nothing; add what is to change', value: {} },
  careful: { summary: 'One call at a time', value: { maxConcurrentCalls: 1, minSecondsBetweenCalls: 30 } },
  online: { summary: 'Stay online', value: { keepOnlineStatus: true } },
};
const PROXY_EXAMPLES = {
  off: { summary: 'Connect directly and forget the proxy', value: { enabled: false } },
  on: {
    summary: 'Use a proxy',
    value: {
      enabled: true,
      host: 'proxy.example.com',
      port: '1080',
      protocol: 'socks5',
      username: 'user',
      password: 'secret',
    },
  },
};

@ApiTags('Settings')
@Controller('instance')
export class InstanceConfigurationController {
  constructor(
    private readonly configuration: InstanceConfigurationService,
    private readonly targets: AllowedTargets,
  ) {}

  @InstanceRoute(Post, 'settings')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Change settings',
    description:
      'What is left out stays. A change of `keepOnlineStatus` takes effect at once and interrupts no call.',
  })
  @ApiBody({ type: SettingsBody, examples: SETTINGS_EXAMPLES })
  @ApiResponse({ status: 200, description: 'All settings as they are now', type: SettingsUpdated })
  @ApiErrors(ERRORS.invalidBody, ERRORS.notFound)
  async changeSettings(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: SettingsBody,
  ): Promise<SettingsUpdated> {
    const changed = await this.configuration.changeSettings(caller, instance, body.toPatch());
    return {
      success: true,
      message: 'Settings updated successfully',
      settings: toSettingsView(changed),
    };
  }

  @InstanceRoute(Get, 'getSettings')
  @ApiOperation({ summary: 'Show settings' })
  @ApiResponse({ status: 200, description: 'All settings', type: SettingsRetrieved })
  @ApiErrors(ERRORS.notFound)
  async getSettings(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<SettingsRetrieved> {
    const found = await this.configuration.read(caller, instance);
    return {
      success: true,
      message: 'Settings retrieved successfully',
      settings: toSettingsView(found),
    };
  }

  @InstanceRoute(Post, 'proxy')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Set the proxy',
    description:
      'Replaces the whole proxy, and an open session is reopened through it at once. `host`, `port` and `protocol` ' +
      'are needed when it is enabled. A password that is left out stays only while host, port, protocol and username stay the same. ' +
      'The proxy must be public, unless the operator of the server sets `PROXY_ALLOW_PRIVATE`.',
  })
  @ApiBody({ type: ProxyBody, examples: PROXY_EXAMPLES })
  @ApiResponse({ status: 200, description: 'The proxy as it is now', type: ProxyUpdated })
  @ApiErrors(
    { ...ERRORS.invalidBody, message: 'Invalid request body: host is required when the proxy is enabled' },
    ERRORS.notFound,
  )
  async replaceProxy(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: ProxyBody,
  ): Promise<ProxyUpdated> {
    const wish = body.toWish();
    this.targets.requireAllowedProxy(wish);
    const changed = await this.configuration.replaceProxy(caller, instance, wish);
    return {
      success: true,
      message: 'Proxy configuration updated successfully',
      proxy: toProxyView(changed),
    };
  }

  @InstanceRoute(Get, 'getProxy')
  @ApiOperation({ summary: 'Show the proxy', description: 'Without its password, which is never returned.' })
  @ApiResponse({ status: 200, description: 'The proxy', type: ProxyRetrieved })
  @ApiErrors(ERRORS.notFound)
  async getProxy(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<ProxyRetrieved> {
    const found = await this.configuration.read(caller, instance);
    return {
      success: true,
      message: 'Proxy configuration retrieved successfully',
      proxy: toProxyView(found),
    };
  }
}
